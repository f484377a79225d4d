<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Information for operators beside an answer, for logs, metrics and tickets. Show none of it to a user. */
final readonly class Audit
{
    /**
     * @param ?Trail $trail Pseudonyms of the user. Null for `status`, and where subject or recipient is malformed.
     * @param ?string $challengeId The same for each operation on one challenge.
     * @param ?string $messageId Xoxzo's id of the message. Invented for a decoy.
     * @param bool $decoy The challenge is a decoy. Leave it out of metrics, or strangers can move them.
     * @param ?string $cause Why the store or Xoxzo gave no readable answer, in one line that begins with the kind of fault, such as `dns:`.
     */
    public function __construct(
        public ?Trail $trail = null,
        public ?string $challengeId = null,
        public ?string $messageId = null,
        public bool $decoy = false,
        public ?string $cause = null,
        public ?Alarm $alarm = null,
    ) {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        $text = static fn (string $name): ?string => $answer->has($name) ? $answer->text($name) : null;
        return new self(
            $answer->has('trail') ? Trail::of($answer->object('trail')) : null,
            $text('challenge_id'),
            $text('message_id'),
            $answer->flag('decoy'),
            $text('cause'),
            $answer->has('alarm') ? $answer->word('alarm', Alarm::class) : null,
        );
    }
}
