<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A condition that operators should look at now. */
enum Alarm: string
{
    /** Somebody is guessing at many accounts. */
    case Failures = 'failures';
    /** A rate limit on messages is exceeded, and `sends.monitor` lets them pass. */
    case Sends = 'sends';
    /** The clocks of store and host are more than 120 s apart. */
    case Clock = 'clock';
    /** Xoxzo gave no readable answer to a message. */
    case Delivery = 'delivery';
}
