<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The counters that an unlock cleared. */
final readonly class Unlocked
{
    /**
     * @param int $failures Consecutive failures of the subject with the recipient.
     * @param int $subjectFailures Failures of the subject over all recipients in the present window.
     * @param int $messages Messages in the present window, of the subject or to the number, whichever is more.
     */
    public function __construct(public int $failures, public int $subjectFailures, public int $messages, public Audit $audit)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self(
            $answer->number('failures'),
            $answer->number('subject_failures'),
            $answer->number('messages'),
            Audit::of($answer->object('audit')),
        );
    }
}
