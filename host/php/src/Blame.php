<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The party that has to act on a failure. */
enum Blame: string
{
    /** The embedding program: wrong settings, or an argument that no user can cause. */
    case Misuse = 'misuse';
    /** The end user: a wrong PIN, an expired token, a limit reached. */
    case Refuse = 'refuse';
    /** Something outside: Xoxzo, the network, the counter store, the clock, the engine. */
    case Upstream = 'upstream';
}
