<?php

/** Prepares what an operation needs, times nothing but the operation, and checks what it answered. `../bench.py` says what is read and answered. */

declare(strict_types=1);

/** A login with a code in a message. */
interface Login
{
    /** Tells whether it locks out a user whose guesses at several challenges were wrong. */
    public function locks(): bool;

    /** The code of a token that was altered. */
    public function altered(): string;

    /** A user. With `$other`, the same user with another phone. */
    public function user(int $number, bool $other): mixed;

    /** Sends a code, and returns the token, or the code of the refusal. */
    public function start(mixed $user): string;

    /** Checks a code. Returns nothing, or the code of the refusal. */
    public function verify(string $token, mixed $user, string $pin): string;

    /**
     * Returns the codes that were sent since this was last asked.
     *
     * @return list<string>
     */
    public function sent(): array;

    /** Sets the clock to so many seconds before the present. */
    public function setBack(int $seconds): void;
}

/** One challenge and what is typed for it. */
final class Attempt
{
    public function __construct(public readonly mixed $user, public string $token, public string $pin)
    {
    }
}

final class Measure
{
    private const CODES = [
        'verify' => '', 'wrong-pin' => 'wrong-pin', 'expired' => 'expired', 'exhausted' => 'exhausted', 'locked' => 'locked',
        'malformed' => 'malformed', 'not-ours' => 'invalid-token', 'replay' => 'used',
    ];
    /** Answers, for one challenge or user that is refused again and again, to one setup. */
    private const REPEATED = 10;
    /** Wrong guesses that a challenge takes. */
    private const GUESSES = 5;
    /** More seconds than a challenge of the settings lives. */
    private const OUTLIVED = 100;

    private int $users = 0;

    private function __construct(private readonly Login $login)
    {
    }

    /** Answers until the questions end. */
    public static function answer(Login $login): void
    {
        $measure = new self($login);
        while (($line = fgets(STDIN)) !== false) {
            [$operation, $count] = explode(' ', trim($line));
            echo json_encode($measure->ask($operation, (int) $count), JSON_THROW_ON_ERROR), "\n";
        }
    }

    /** @return array<string, mixed> */
    private function ask(string $operation, int $count): array
    {
        $login = $this->login;
        if ($operation === 'locked' && !$login->locks()) {
            return ['absent' => true];
        }
        $users = in_array($operation, ['exhausted', 'locked', 'malformed'], true) ? intdiv($count + self::REPEATED - 1, self::REPEATED) : $count;
        if ($operation === 'start') {
            [$answers, $told] = self::timed($this->draw($users), static fn (mixed $user): string => $login->start($user));
            self::hold(min(array_map(strlen(...), $answers)) > strlen('invalid-token') && count($login->sent()) === $count, 'a start was refused');
            return $told;
        }
        $login->setBack($operation === 'expired' ? self::OUTLIVED : 0);
        $attempts = $this->attempts($users);
        $login->setBack(0);
        $this->prepare($operation, $attempts);
        $turns = [];
        for ($at = 0; $at < $count; $at++) {
            $turns[] = $attempts[$at % $users];
        }
        $act = $operation === 'locked'
            ? static fn (Attempt $each): string => $login->start($each->user)
            : static fn (Attempt $each): string => $login->verify($each->token, $each->user, $each->pin);
        [$answers, $told] = self::timed($turns, $act);
        $wanted = $operation === 'not-ours' ? $login->altered() : self::CODES[$operation];
        foreach ($answers as $answer) {
            self::hold($answer === $wanted, "$operation: '$answer' instead of '$wanted'");
        }
        return $told;
    }

    /** @param list<Attempt> $attempts */
    private function prepare(string $operation, array $attempts): void
    {
        if ($operation === 'exhausted' || $operation === 'locked') {
            $this->exhaust($attempts);
        }
        if ($operation === 'locked') {
            $this->users -= count($attempts);
            $this->exhaust($this->attempts(count($attempts), true));
        }
        foreach ($attempts as $each) {
            if ($operation === 'replay') {
                self::hold($this->login->verify($each->token, $each->user, $each->pin) === '', 'a right code was refused');
            } elseif ($operation === 'not-ours') {
                $each->token = substr($each->token, 0, -1) . (str_ends_with($each->token, '0') ? '1' : '0');
            } elseif ($operation === 'malformed') {
                $each->pin = '12345x';
            } elseif ($operation === 'wrong-pin') {
                $each->pin = self::other($each->pin);
            }
        }
    }

    /** @param list<Attempt> $attempts */
    private function exhaust(array $attempts): void
    {
        foreach ($attempts as $each) {
            for ($guess = 0; $guess < self::GUESSES; $guess++) {
                $answer = $this->login->verify($each->token, $each->user, self::other($each->pin));
                self::hold($answer === 'wrong-pin' || $answer === 'locked', "'$answer' instead of a wrong guess");
            }
        }
    }

    /** @return list<mixed> */
    private function draw(int $users, bool $other = false): array
    {
        $drawn = [];
        for ($at = 0; $at < $users; $at++) {
            $drawn[] = $this->login->user($this->users++, $other);
        }
        return $drawn;
    }

    /** @return list<Attempt> */
    private function attempts(int $users, bool $other = false): array
    {
        $drawn = $this->draw($users, $other);
        $tokens = array_map($this->login->start(...), $drawn);
        $pins = $this->login->sent();
        self::hold(count($pins) === count($tokens), 'a message has no code');
        return array_map(static fn (mixed $user, string $token, string $pin): Attempt => new Attempt($user, $token, $pin), $drawn, $tokens, $pins);
    }

    /**
     * @param list<mixed> $of
     * @param callable(mixed): string $work
     * @return array{list<string>, array<string, int>}
     */
    private static function timed(array $of, callable $work): array
    {
        $answers = [];
        [$wall, $cpu] = [hrtime(true), self::used()];
        foreach ($of as $each) {
            $answers[] = $work($each);
        }
        $cpu = self::used() - $cpu;
        return [$answers, ['count' => count($answers), 'wall_ns' => hrtime(true) - $wall, 'cpu_ns' => $cpu]];
    }

    /** Nanoseconds of the processor that all threads have used. */
    private static function used(): int
    {
        $usage = getrusage();
        $seconds = $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'];
        return $seconds * 1_000_000_000 + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) * 1_000;
    }

    private static function other(string $pin): string
    {
        return $pin === '000000' ? '000001' : '000000';
    }

    private static function hold(bool $right, string $otherwise): void
    {
        if (!$right) {
            fwrite(STDERR, "$otherwise\n");
            exit(1);
        }
    }
}
