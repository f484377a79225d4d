<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Something outside failed: Xoxzo, the network, the counter store, the clock, the engine. Raise an alarm, let nobody in, and try later. */
final class Upstream extends \RuntimeException implements TwoFactorException
{
    use Fails;
}
