<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\Assert;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Library;
use Xoxzo\TwoFactor\Testing\Sandbox;
use Xoxzo\TwoFactor\TwoFactorException;

/** The sandbox, the client and the server of this process. */
final class World
{
    public const LIMITS = ['sends' => ['cooldown_seconds' => 1]];

    private static ?Sandbox $sandbox = null;

    private static ?Server $server = null;

    public static function sandbox(): Sandbox
    {
        return self::$sandbox ??= Sandbox::start(options: ['--pace', '0', '--credits', '100000']);
    }

    public static function library(): Library
    {
        return Library::open(self::sandbox()->settings(self::LIMITS), 'memory');
    }

    /** A server of the sandbox, with counters of its own. */
    public static function server(): Server
    {
        return self::$server ??= new Server(self::sandbox()->document(self::LIMITS));
    }

    public static function client(): Client
    {
        return new Client(self::library());
    }

    /** A PIN that is another one. */
    public static function wrong(string $pin): string
    {
        return ($pin[0] === '0' ? '1' : '0') . substr($pin, 1);
    }

    /** @param callable(): mixed $call */
    public static function failing(callable $call): TwoFactorException
    {
        try {
            $call();
        } catch (TwoFactorException $exception) {
            return $exception;
        }
        Assert::fail('nothing failed');
    }

    /**
     * Runs PHP with this code, in an environment of its own.
     *
     * @param list<string> $options
     * @param array<string, string> $environment
     */
    public static function php(string $code, array $options = [], array $environment = []): string
    {
        $autoload = var_export(dirname(__DIR__) . '/vendor/autoload.php', true);
        $command = [PHP_BINARY, ...$options, '-r', "require $autoload; $code"];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['redirect', 1]], $pipes, null, [...getenv(), ...$environment]);
        Assert::assertIsResource($process);
        $output = (string) stream_get_contents($pipes[1]);
        $status = proc_close($process);
        Assert::assertSame(0, $status, "$status: $output");
        return $output;
    }
}
