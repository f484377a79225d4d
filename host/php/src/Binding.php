<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The user and the act that a challenge is bound to. Take every field from the server's own records, never from a form. */
final readonly class Binding implements \JsonSerializable
{
    use Redacts;

    private const SECRET = ['recipient', 'session', 'transaction'];

    /**
     * @param string $recipient Phone number in canonical E.164, such as `+819012345678`.
     * @param string $subject The service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces.
     * @param string $purpose One of the purposes in the settings.
     * @param ?string $session The session that asked, in the form of the subject.
     * @param ?Transaction $transaction The payment that the code confirms.
     */
    public function __construct(
        #[\SensitiveParameter] public string $recipient,
        public string $subject,
        public string $purpose = 'login',
        #[\SensitiveParameter] public ?string $session = null,
        #[\SensitiveParameter] public ?Transaction $transaction = null,
    ) {
    }
}
