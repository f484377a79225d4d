<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The user is refused: a wrong PIN, an expired token, a limit. Show what `explain` says. */
final class Refuse extends \RuntimeException implements TwoFactorException
{
    use Fails;
}
