<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The balance of the account at Xoxzo. */
final readonly class Credits
{
    /** @param int $credits Whole credits, below 0 for an account that pays afterwards. */
    public function __construct(public int $credits, public Audit $audit)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self($answer->number('credits'), Audit::of($answer->object('audit')));
    }
}
