<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The messages of one language as they would be sent, with digits of `1234567890` in place of the PIN. */
final readonly class MessagePreview
{
    /**
     * @param string $text The text of an SMS.
     * @param int $parts Billed parts of the SMS.
     * @param string $call The words of a call.
     */
    public function __construct(public string $locale, public string $text, public int $parts, public string $call)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self($answer->text('locale'), $answer->text('text'), $answer->number('parts'), $answer->text('call'));
    }
}
