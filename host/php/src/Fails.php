<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * The parts that `Misuse`, `Refuse` and `Upstream` have in common.
 *
 * @internal
 */
trait Fails
{
    public function __construct(private readonly Failure $failure, private readonly ?Backend $backend = null)
    {
        $cause = $failure->audit?->cause;
        parent::__construct("{$failure->code->value}: $failure->detail" . ($cause === null ? '' : " ($cause)"));
    }

    public function failure(): Failure
    {
        return $this->failure;
    }

    public function explain(string $locale): Explanation
    {
        $arguments = [
            'code' => $this->failure->code->value,
            'locale' => $locale,
            'guesses_left' => $this->failure->guessesLeft,
            'retry_after_seconds' => $this->failure->retryAfter,
        ];
        return Explanation::of(Answer::to($this->backend ?? Library::offline(), 'explain', $arguments, 'explanation'));
    }
}
