<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The delivery state of a message. */
enum Delivery: string
{
    /** Xoxzo accepted it. */
    case Accepted = 'accepted';
    /** Xoxzo did not answer, or reports a state that the engine does not know. The message may arrive, and the challenge is usable. */
    case Unknown = 'unknown';
    /** It waits at Xoxzo. */
    case Queued = 'queued';
    /** A carrier has it, or the phone rings. */
    case Delivering = 'delivering';
    /** It arrived, or somebody answered the call. */
    case Delivered = 'delivered';
    /** The carrier gave up, or nobody answered. */
    case Failed = 'failed';
}
