<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A failure in words for an end user. */
final readonly class Explanation
{
    /**
     * @param string $text One or two short sentences of plain text, in the user's language. Escape it in HTML like any other text.
     * @param list<Offer> $offers Actions that help, the best first. Empty if none does.
     */
    public function __construct(public string $text, public array $offers)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self($answer->text('text'), $answer->words('offers', Offer::class));
    }
}
