<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A payment that a user should confirm at the login gate. Take every field from the server's own records. */
final readonly class StepUp implements \JsonSerializable
{
    use Redacts;

    private const SECRET = ['transaction', 'session'];

    /**
     * @param string $subject The service's immutable internal id of the user, as the gate knows it.
     * @param Transaction $transaction The payment that the gate shows, puts before the code in the message, and binds the code to.
     * @param ?string $session The session in which to confirm it. Null where the gate knows users without sessions.
     */
    public function __construct(
        public string $subject,
        #[\SensitiveParameter] public Transaction $transaction,
        #[\SensitiveParameter] public ?string $session = null,
    ) {
    }
}
