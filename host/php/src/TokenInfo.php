<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The readable part of a token. None of it is authenticated. */
final readonly class TokenInfo
{
    /**
     * @param string $keyId Id of the key that is said to have signed: 8 hexadecimal digits.
     * @param int $digits Digits of the PIN.
     * @param int $issuedAt Seconds since 1970-01-01T00:00:00Z.
     * @param int $expiresAt Seconds since 1970-01-01T00:00:00Z.
     */
    public function __construct(public string $keyId, public int $digits, public int $issuedAt, public int $expiresAt)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self(
            $answer->text('key_id'),
            $answer->number('digits'),
            $answer->number('issued_at_seconds'),
            $answer->number('expires_at_seconds'),
        );
    }
}
