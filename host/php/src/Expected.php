<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The values that a receipt must have been made for. Take every field from the checker's own records, never from what came with it. */
final readonly class Expected implements \JsonSerializable
{
    use Redacts;

    private const SECRET = ['recipient', 'session', 'transaction'];

    /**
     * @param ?string $recipient The phone number. Null accepts a receipt for any number.
     * @param ?string $session The session. Null accepts only a receipt without one.
     * @param ?Transaction $transaction The payment. Null accepts only a receipt without one.
     */
    public function __construct(
        public string $subject,
        public string $purpose = 'login',
        #[\SensitiveParameter] public ?string $recipient = null,
        #[\SensitiveParameter] public ?string $session = null,
        #[\SensitiveParameter] public ?Transaction $transaction = null,
    ) {
    }
}
