<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Pseudonyms of a subject and a recipient: keyed hashes, for a log that must hold nothing personal. */
final readonly class Trail
{
    /** @param string $callingCode Country code of the recipient. */
    public function __construct(public string $subject, public string $recipient, public string $callingCode)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self($answer->text('subject'), $answer->text('recipient'), $answer->text('calling_code'));
    }
}
