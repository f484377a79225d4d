<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use Xoxzo\TwoFactor\Remote;

/** The program `xoxzo-2fa-serve rest`, which the variable XOXZO_2FA_SERVE names. */
final class Server
{
    /** The callers, with their keys and rights. */
    private const CALLERS = [
        'shop' => ['a-key-of-a-shop-with-32-characters', ['send', 'verify']],
        'support' => ['a-key-of-support-with-32-characters', ['operate']],
    ];

    public readonly string $url;

    private readonly int $owner;

    /** @var resource */
    private $process;

    /** @param array<string, mixed> $document */
    public function __construct(array $document)
    {
        $this->owner = (int) getmypid();
        [$keys, $variables] = [[], []];
        foreach (self::CALLERS as $name => [$key, $rights]) {
            $variables["KEY_OF_$name"] = $key;
            $keys[] = ['name' => $name, 'rights' => $rights, 'key' => ['env' => "KEY_OF_$name"]];
        }
        $settings = (string) tempnam(sys_get_temp_dir(), 'xoxzo-2fa-php-');
        file_put_contents($settings, json_encode(['two_factor' => $document, 'rest' => ['keys' => $keys]], JSON_THROW_ON_ERROR));
        $command = [getenv('XOXZO_2FA_SERVE') ?: 'xoxzo-2fa-serve', 'rest', '--settings', $settings, '--listen', '127.0.0.1:0'];
        $outlets = [1 => ['pipe', 'w'], 2 => ['file', "$settings.log", 'w']];
        $process = proc_open($command, $outlets, $pipes, null, [...getenv(), ...$variables]);
        $this->process = $process !== false ? $process : throw new \RuntimeException("$command[0] did not start");
        $line = (string) fgets($pipes[1]);
        $log = (string) file_get_contents("$settings.log");
        array_map(unlink(...), [$settings, "$settings.log"]);
        if (preg_match('/127\.0\.0\.1:\d+/', $line, $address) !== 1) {
            throw new \RuntimeException("$command[0] does not listen: $line$log");
        }
        $this->url = "http://$address[0]";
    }

    public function __destruct()
    {
        if (getmypid() === $this->owner) {
            proc_terminate($this->process);
            proc_close($this->process);
        }
    }

    /** @param key-of<self::CALLERS> $caller */
    public function remote(string $caller): Remote
    {
        return new Remote($this->url, self::key($caller));
    }

    /** @param key-of<self::CALLERS> $caller */
    public static function key(string $caller): string
    {
        return self::CALLERS[$caller][0];
    }
}
