<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The channel of a message. */
enum Channel: string
{
    /** A text message. */
    case Sms = 'sms';
    /** A phone call. Only for `resend`, where the settings allow it. */
    case Voice = 'voice';
}
