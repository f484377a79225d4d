<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The counters that could refuse a user: those of purposes after a first factor, then those of purposes that strangers can start. */
final readonly class Limits
{
    /** @param list<Limit> $limits */
    public function __construct(public array $limits, public Audit $audit)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self(array_map(Limit::of(...), $answer->objects('limits')), Audit::of($answer->object('audit')));
    }
}
