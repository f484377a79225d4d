<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use Xoxzo\TwoFactor\Client;

/** What users type, over a server. */
final class RemoteInputTest extends InputTest
{
    protected static function client(): Client
    {
        return new Client(World::server()->remote('shop'));
    }
}
