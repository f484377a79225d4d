<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The cause of a failure. It is spelled the same on every host, and in logs. */
enum Code: string
{
    /** Misuse. The settings are wrong, or PHP's. */
    case Settings = 'settings';
    /** Misuse. An argument does not have the required form. */
    case Request = 'request';
    /** Refuse. What was typed is no PIN. Nothing was charged. */
    case Malformed = 'malformed';
    /** Refuse. The token, handle or receipt is none of these settings', or was made for another user or act. */
    case InvalidToken = 'invalid-token';
    /** Refuse. The token has expired or, for a resend, expires in less than a minute. */
    case Expired = 'expired';
    /** Refuse. The PIN is wrong. */
    case WrongPin = 'wrong-pin';
    /** Refuse. All tries of this challenge are spent. */
    case Exhausted = 'exhausted';
    /** Refuse. Too many failures. Without `retryAfter`, only an operator unlocks the user. */
    case Locked = 'locked';
    /** Refuse. This challenge was accepted before. */
    case Used = 'used';
    /** Refuse. The settings do not allow this number, or no call to it. */
    case NotAllowed = 'not-allowed';
    /** Refuse. Nothing is counted for the user whom an operator wants to unlock. */
    case NothingLocked = 'nothing-locked';
    /** Refuse. A rate limit on messages is reached. */
    case TooManySends = 'too-many-sends';
    /** Refuse. A message was sent, or its state was queried, moments ago. */
    case Cooldown = 'cooldown';
    /** Upstream. The counter store did not answer, is full, or gave an impossible answer. */
    case Guard = 'guard';
    /** Upstream. Xoxzo refused or could not be reached. Nothing was sent. */
    case Provider = 'provider';
    /** Upstream. The system's randomness was short or empty. */
    case Randomness = 'randomness';
    /** Upstream. The clock is wrong, or too much time passed while an operation waited. */
    case Clock = 'clock';
    /** Upstream. The engine trapped, ran past its limit, or broke the contract. After a verify, the challenge may be used. */
    case Plugin = 'plugin';
}
