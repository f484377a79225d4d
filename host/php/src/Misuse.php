<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The program is wrong: its settings, or an argument that no user can cause. Fix what the message names. */
final class Misuse extends \LogicException implements TwoFactorException
{
    use Fails;
}
