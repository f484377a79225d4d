<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** An action that is open to an end user after a failure. */
enum Offer: string
{
    /** Do the same once more, such as typing the code again. */
    case TryAgain = 'try-again';
    /** Get the same code once more, by `resend`. */
    case Resend = 'resend';
    /** Ask for a new code, by `start`. */
    case StartAgain = 'start-again';
    /** Wait for `retryAfter`, then do the same once more. */
    case Wait = 'wait';
    /** Contact the service. */
    case ContactSupport = 'contact-support';
}
