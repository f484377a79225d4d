<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The facts that a receipt proves. A receipt contains neither user, number, session nor payment: `Expected` supplies them. */
final readonly class Claims
{
    /**
     * @param string $id Unique per acceptance. Where single use matters, remember it and accept it once.
     * @param string $audience The service that issued the receipt. With keys of several audiences, it tells which.
     * @param bool $test The receipt was made in test mode and proves nothing.
     * @param int $issuedAt Seconds since 1970-01-01T00:00:00Z.
     * @param int $expiresAt Seconds since 1970-01-01T00:00:00Z. Refused from this second on.
     * @param ?Transaction $transaction The payment that was confirmed, which is the expected one.
     */
    public function __construct(
        public string $id,
        public string $audience,
        public string $purpose,
        public bool $test,
        public int $issuedAt,
        public int $expiresAt,
        public ?Transaction $transaction,
    ) {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self(
            $answer->text('id'),
            $answer->text('audience'),
            $answer->text('purpose'),
            $answer->flag('test'),
            $answer->number('issued_at_seconds'),
            $answer->number('expires_at_seconds'),
            $answer->has('transaction') ? Transaction::of($answer->object('transaction')) : null,
        );
    }
}
