<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * A client for operators, which shows and lifts limits. Keep it out of reach of code that serves users.
 *
 * It works beside a running service with the same `guard.key` and the same store.
 */
final class Operator
{
    /** @param string $name The operator's name, for a backend that records who asks. */
    public function __construct(private readonly Backend $backend, private readonly string $name)
    {
    }

    /**
     * Reads every counter that could refuse a user, and charges none.
     *
     * @param ?string $client An end user's address, to read its counters too.
     */
    public function limits(string $subject, #[\SensitiveParameter] string $recipient, #[\SensitiveParameter] ?string $client = null): Limits
    {
        $user = ['subject' => $subject, 'recipient' => $recipient, 'client' => $client];
        return Limits::of($this->operate('limits', $user, 'limits'));
    }

    /**
     * Clears the failures, cooldowns and messages that lock out a user, but no counter of a client, a range or the service. Verify first
     * who asks.
     */
    public function unlock(string $subject, #[\SensitiveParameter] string $recipient): Unlocked
    {
        return Unlocked::of($this->operate('unlock', ['subject' => $subject, 'recipient' => $recipient], 'unlocked'));
    }

    /** Queries the balance of the account at Xoxzo. */
    public function credits(): Credits
    {
        return Credits::of($this->operate('credits', [], 'credits'));
    }

    /** Computes the pseudonyms of a user in `Audit`, so that a support ticket can be matched with logs and metrics. */
    public function trail(string $subject, #[\SensitiveParameter] string $recipient): Trail
    {
        return Trail::of(Answer::to($this->backend, 'trail_of', ['subject' => $subject, 'recipient' => $recipient], 'trail'));
    }

    /** @param array<string, mixed> $arguments */
    private function operate(string $operation, #[\SensitiveParameter] array $arguments, string $kind): Answer
    {
        return Answer::to($this->backend, $operation, [...$arguments, 'operator' => $this->name, 'audit' => true], $kind);
    }
}
