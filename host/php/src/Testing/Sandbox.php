<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Testing;

use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Offline;
use Xoxzo\TwoFactor\Settings;

/**
 * A local fake of Xoxzo that sends nothing, and the messages that arrived there: for tests, in PHPUnit or without it.
 *
 *     $sandbox = Sandbox::start();
 *     $client = Client::open($sandbox->settings(), 'memory');
 *     $user = $sandbox->user();
 *     $challenge = $client->start($user);
 *     $client->verify($challenge->token, $user, $sandbox->next($user->recipient)->pin());
 *
 * A process has one client, so use one sandbox and one document in each. Let each test have a user of its own, since limits count.
 */
final class Sandbox
{
    /** Seconds that the program may take to start. */
    private const START = 30;

    private static int $users = 0;

    /** @var ?resource The program, if this object started it. */
    private $process = null;

    /** The process that started it. A child does not stop it. */
    private readonly int $owner;

    /** @var ?list<string> */
    private ?array $keys = null;

    /** A sandbox that runs already, such as one that was started with `--json`. */
    public function __construct(
        public readonly string $url,
        public readonly string $sid,
        #[\SensitiveParameter] public readonly string $authToken,
    ) {
        $this->owner = (int) getmypid();
    }

    /**
     * Starts a sandbox, which ends with this object.
     *
     * @param ?list<string> $command The program with its arguments. Null: the words of the variable XOXZO_2FA_SANDBOX, or `xoxzo-2fa sandbox`.
     * @param list<string> $options Options of the program, such as `--pace`, `0`.
     * @throws \RuntimeException if it does not start.
     */
    public static function start(?array $command = null, array $options = []): self
    {
        $command ??= explode(' ', getenv('XOXZO_2FA_SANDBOX') ?: 'xoxzo-2fa sandbox');
        $process = proc_open([...$command, ...$options, '--json'], [1 => ['pipe', 'w']], $pipes);
        if ($process === false) {
            throw new \RuntimeException("$command[0] did not start");
        }
        stream_set_timeout($pipes[1], self::START);
        $account = json_decode((string) fgets($pipes[1]), true);
        if (!is_array($account)) {
            proc_terminate($process);
            throw new \RuntimeException("$command[0] printed no account: is xoxzo-2fa installed?");
        }
        $sandbox = new self($account['url'], $account['sid'], $account['auth_token']);
        $sandbox->process = $process;
        return $sandbox;
    }

    public function __destruct()
    {
        $this->stop();
    }

    /** Stops the sandbox, if this object started it. */
    public function stop(): void
    {
        if ($this->process !== null && getmypid() === $this->owner) {
            proc_terminate($this->process);
            proc_close($this->process);
        }
        $this->process = null;
    }

    /**
     * Makes settings of test mode for this sandbox, with keys that stay the same for this object.
     *
     * @param array<string, mixed> $changes Fields of the document, instead of these or beside them.
     */
    public function settings(array $changes = []): Settings
    {
        return new Settings($this->document($changes));
    }

    /**
     * Makes the document of `settings`, for programs that read it from a file.
     *
     * @param array<string, mixed> $changes
     * @return array<string, mixed>
     */
    public function document(array $changes = []): array
    {
        $offline = Offline::open();
        [$key, $guardKey] = $this->keys ??= [$offline->keygen(), $offline->keygen()];
        return [
            'version' => 1,
            'audience' => 'test',
            'service' => 'Test Shop',
            'keys' => [$key],
            'guard' => ['key' => $guardKey],
            'destinations' => ['JP-mobile'],
            'xoxzo' => ['base_url' => $this->url, 'sid' => $this->sid, 'auth_token' => $this->authToken, 'sender' => 'Test'],
            'test' => true,
            ...$changes,
        ];
    }

    /** Makes a user whom no limit has counted yet. */
    public function user(string $purpose = 'login'): Binding
    {
        // The numbers with faults begin with +81900.
        $number = sprintf('+8190%d%07d', random_int(1, 9), random_int(0, 9_999_999));
        return new Binding($number, sprintf('user-%d-%s', ++self::$users, bin2hex(random_bytes(4))), $purpose);
    }

    /**
     * Waits for the next message to a number.
     *
     * @param ?string $after The id of the message before it. Null: the oldest in the inbox.
     * @param int $wait Seconds, at most 60.
     * @throws \UnexpectedValueException if none came.
     */
    public function next(string $recipient, ?string $after = null, int $wait = 10): Message
    {
        $query = array_filter(['recipient' => $recipient, 'after' => $after, 'wait' => $wait], static fn ($value): bool => $value !== null);
        $message = $this->request('GET', 'next', $query, $wait + 10);
        return is_array($message) ? self::message($message) : throw new \UnexpectedValueException('no message came');
    }

    /**
     * The messages that arrived, the newest last.
     *
     * @param ?string $recipient Null: of all numbers.
     * @return list<Message>
     */
    public function inbox(?string $recipient = null): array
    {
        $inbox = $this->request('GET', 'inbox', $recipient === null ? [] : ['recipient' => $recipient]);
        return array_map(self::message(...), array_values((array) $inbox));
    }

    /**
     * Orders a fault for the next messages and calls, such as `throttled`, `lost-reply` or `forbidden`. The sandbox's README lists them.
     *
     * @param ?string $recipient Only for messages to this number. Null: to any.
     */
    public function fault(string $name, ?string $recipient = null, int $times = 1): void
    {
        $this->request('PUT', 'faults', ['name' => $name, 'times' => $times, ...($recipient === null ? [] : ['recipient' => $recipient])]);
    }

    /** Empties the inbox and withdraws the faults. */
    public function clear(): void
    {
        $this->request('DELETE', 'inbox', []);
        $this->request('DELETE', 'faults', []);
    }

    /** @return array<string, string> */
    public function __debugInfo(): array
    {
        return ['url' => $this->url];
    }

    /** @param array<string, string|int> $query */
    private function request(string $method, string $path, array $query, int $timeout = 10): mixed
    {
        $url = "$this->url/_sandbox/$path" . ($query === [] ? '' : '?' . http_build_query($query));
        $http = ['method' => $method, 'timeout' => $timeout, 'ignore_errors' => true, 'follow_location' => 0];
        $stream = @fopen($url, 'r', false, stream_context_create(['http' => $http]));
        if ($stream === false) {
            throw new \RuntimeException('the sandbox does not answer: has it ended?');
        }
        // The first line is the status, as in `HTTP/1.1 200 OK`.
        $status = (int) (explode(' ', stream_get_meta_data($stream)['wrapper_data'][0] ?? '')[1] ?? 0);
        if ($status < 200 || $status >= 300) {
            throw new \RuntimeException("the sandbox answered $path with status $status");
        }
        return json_decode((string) stream_get_contents($stream), true);
    }

    /** @param array<string, string> $message */
    private static function message(array $message): Message
    {
        return new Message($message['message_id'], $message['channel'], $message['sender'], $message['recipient'], $message['body']);
    }
}
