<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Proof that the PIN was right. Nothing else lets a user in. */
final readonly class Acceptance implements \JsonSerializable
{
    use Redacts;

    private const SECRET = ['receipt'];

    /**
     * @param string $subject The user who is let in: the subject of the binding that was verified.
     * @param string $receipt Proof for another service, for `Offline::checkReceipt`.
     * @param int $expiresIn Seconds until the receipt expires.
     */
    public function __construct(
        public string $subject,
        #[\SensitiveParameter] public string $receipt,
        public int $expiresIn,
        public Audit $audit,
    ) {
    }

    /** @internal */
    public static function of(Answer $answer, string $subject): self
    {
        return new self($subject, $answer->text('receipt'), $answer->number('expires_in_seconds'), Audit::of($answer->object('audit')));
    }
}
