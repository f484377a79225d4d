<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A delivery report. */
final readonly class Report
{
    /** @param string $detail Xoxzo's own name of the state, for a log. Empty if Xoxzo gave none. */
    public function __construct(public Delivery $delivery, public string $detail, public Audit $audit)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self($answer->word('delivery', Delivery::class), $answer->text('detail'), Audit::of($answer->object('audit')));
    }
}
