<?php

/**
 * A login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.
 *
 * It has no limit across challenges, of messages or of cost, and forgets its counters with the process.
 */

declare(strict_types=1);

require __DIR__ . '/measure.php';

final class Handmade implements Login
{
    private const LIFE = 90;
    private const GUESSES = 5;
    private const USED = 1 << 20;

    private readonly string $key;

    /** @var array<string, int> */
    private array $guesses = [];

    /** @var list<string> */
    private array $messages = [];

    private int $back = 0;

    public function __construct()
    {
        $this->key = random_bytes(32);
    }

    public function locks(): bool
    {
        return false;
    }

    /** An altered token looks like a wrong PIN. */
    public function altered(): string
    {
        return 'wrong-pin';
    }

    /** @return array{string, string} */
    public function user(int $number, bool $other): array
    {
        return ["user-$number", sprintf('+8190%08d', $number)];
    }

    public function start(mixed $user): string
    {
        $pin = sprintf('%06d', random_int(0, 999_999));
        $expiry = $this->now() + self::LIFE;
        $this->messages[] = $pin;
        return "$expiry.{$this->hash($user, $expiry, $pin)}";
    }

    public function verify(string $token, mixed $user, string $pin): string
    {
        if (preg_match('/^([0-9]{1,12})\.([0-9a-f]{64})$/D', $token, $parts) !== 1) {
            return 'invalid-token';
        }
        if (preg_match('/^[0-9]{6}$/D', $pin) !== 1) {
            return 'malformed';
        }
        $expiry = (int) $parts[1];
        if ($this->now() >= $expiry) {
            return 'expired';
        }
        $tried = $this->guesses[$token] ?? 0;
        if ($tried >= self::GUESSES) {
            return $tried >= self::USED ? 'used' : 'exhausted';
        }
        $this->guesses[$token] = $tried + 1;
        if (!hash_equals($parts[2], $this->hash($user, $expiry, $pin))) {
            return 'wrong-pin';
        }
        $this->guesses[$token] = self::USED;
        return '';
    }

    public function sent(): array
    {
        [$messages, $this->messages] = [$this->messages, []];
        return $messages;
    }

    public function setBack(int $seconds): void
    {
        $this->back = $seconds;
    }

    /** @param array{string, string} $user */
    private function hash(array $user, int $expiry, string $pin): string
    {
        return hash_hmac('sha256', implode('|', [...$user, $expiry, $pin]), $this->key);
    }

    private function now(): int
    {
        return time() - $this->back;
    }
}

// The settings are of no use to it.
fgets(STDIN);
Measure::answer(new Handmade());
