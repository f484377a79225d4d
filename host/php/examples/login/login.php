<?php

declare(strict_types=1);

use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Settings;

/** The state of this session: nobody, a user who was asked for a code, or one who is signed in. */
final class Login
{
    /** A hash of no password, so that an unknown name takes as long as a wrong password. */
    private const NOBODY = '$2y$10$LbOW8LpGoK.q0zkT/eSFg.65rl6vYcT27CkweZMGm2zXaxtjkRR4q';

    /** @var array<string, array{id: string, phone: string, hash: string}> */
    private readonly array $users;

    private readonly Client $client;

    public function __construct(string $settings, string $store, string $users)
    {
        $this->users = require $users;
        $this->client = Client::open(Settings::fromFile($settings), $store);
    }

    /** The id of the user who is signed in. */
    public function user(): ?string
    {
        return $_SESSION['user'] ?? null;
    }

    /** The number that a code was sent to, as the user may see it. Null if there is none to type. */
    public function masked(): ?string
    {
        return $_SESSION['masked'] ?? null;
    }

    /** Checks the password, the first factor, and sends a code. It lets nobody in. */
    public function password(mixed $name, #[\SensitiveParameter] mixed $password): void
    {
        $known = is_string($name) && isset($this->users[$name]);
        $hash = $known ? $this->users[$name]['hash'] : self::NOBODY;
        // More than 72 bytes are no password here, since bcrypt would cut them.
        $right = is_string($password) && strlen($password) <= 72 && password_verify($password, $hash);
        if (!$known || !$right) {
            throw new DomainException('The name or the password is wrong.');
        }
        // The number comes from our own records.
        $challenge = $this->client->start($this->binding($name));
        $this->begin(['name' => $name, 'token' => $challenge->token, 'masked' => $challenge->masked]);
    }

    /** Sends the same code once more. */
    public function resend(): void
    {
        $this->client->resend($_SESSION['token'] ?? '', $this->binding($_SESSION['name'] ?? ''));
    }

    /** Checks the code, the second factor, and signs in whom the acceptance names. */
    public function verify(#[\SensitiveParameter] mixed $pin): void
    {
        // People copy the spaces around a code, and type some between its digits.
        $digits = is_string($pin) ? str_replace(' ', '', $pin) : $pin;
        $acceptance = $this->client->verify($_SESSION['token'] ?? '', $this->binding($_SESSION['name'] ?? ''), $digits);
        $this->begin(['user' => $acceptance->subject]);
    }

    public function logout(): void
    {
        $this->begin([]);
    }

    private function binding(string $name): Binding
    {
        $user = $this->users[$name] ?? throw new DomainException('Sign in first.');
        return new Binding($user['phone'], $user['id']);
    }

    /**
     * Begins a session with a new id: somebody may have seen the old one, or set it.
     *
     * @param array<string, string> $session
     */
    private function begin(array $session): void
    {
        session_regenerate_id(true);
        $_SESSION = $session;
    }
}
