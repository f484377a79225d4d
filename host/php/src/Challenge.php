<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A challenge that was sent. */
final readonly class Challenge implements \JsonSerializable
{
    use Redacts;

    private const SECRET = ['token', 'handle'];

    /**
     * @param string $token 80 characters. Give it to the user's session only.
     * @param string $masked The recipient with all but the first two and the last two digits as `*`.
     * @param int $expiresIn Seconds until the token expires.
     * @param int $resendAfter Seconds until another message may go to this number.
     * @param Delivery $delivery `Accepted`, or `Unknown` if Xoxzo did not answer: the message may arrive, and the challenge is usable.
     * @param ?string $handle The argument of `status`. Null if the delivery is unknown.
     * @param ?int $parts Billed parts. Null for a template and for a call.
     */
    public function __construct(
        #[\SensitiveParameter] public string $token,
        public string $masked,
        public int $expiresIn,
        public int $resendAfter,
        public Delivery $delivery,
        #[\SensitiveParameter] public ?string $handle,
        public ?int $parts,
        public Audit $audit,
    ) {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self(
            $answer->text('token'),
            $answer->text('masked'),
            $answer->number('expires_in_seconds'),
            $answer->number('resend_after_seconds'),
            $answer->word('delivery', Delivery::class),
            $answer->has('handle') ? $answer->text('handle') : null,
            $answer->has('parts') ? $answer->number('parts') : null,
            Audit::of($answer->object('audit')),
        );
    }
}
