<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Code;
use Xoxzo\TwoFactor\Library;
use Xoxzo\TwoFactor\Misuse;
use Xoxzo\TwoFactor\Settings;
use Xoxzo\TwoFactor\Upstream;

final class LibraryTest extends TestCase
{
    /** Opens a client in another process, and says what fails. */
    private const OPEN = <<<'PHP'
        try {
            Xoxzo\TwoFactor\Offline::open()->keygen();
            echo 'fine';
        } catch (Xoxzo\TwoFactor\Misuse $misuse) {
            echo $misuse->getMessage();
        }
        PHP;

    public function testTheDeclarationsAreThoseOfTheLibrary(): void
    {
        $whole = self::declarations(__DIR__ . '/../../c/xoxzo_2fa_ffi.h');
        $own = self::declarations(__DIR__ . '/../xoxzo_2fa.h');
        self::assertCount(8, $own);
        foreach ($own as $declaration) {
            self::assertContains($declaration, $whole);
        }
        self::assertSame(1, preg_match('/^#define FFI_LIB "(.+)"$/m', (string) file_get_contents(__DIR__ . '/../xoxzo_2fa.h'), $name));
        self::assertStringContainsString("-soname,$name[1]\"", (string) file_get_contents(__DIR__ . '/../../c/build.rs'));
    }

    public function testTheCommandLineNeedsNoSetting(): void
    {
        self::assertSame('fine', World::php(self::OPEN));
    }

    public function testARestrictionNamesTheSetting(): void
    {
        self::assertStringContainsString('ffi.enable forbids FFI', World::php(self::OPEN, ['-d', 'ffi.enable=0']));
        self::assertStringContainsString('no extension ffi', World::php(self::OPEN, ['-n']));
        self::assertStringContainsString("Failed loading 'libxoxzo_2fa.so", World::php(self::OPEN, [], ['LD_LIBRARY_PATH' => '/nowhere']));
    }

    public function testAProcessHasOneClient(): void
    {
        World::client();
        $others = [
            fn () => Client::open(World::sandbox()->settings(['audience' => 'another']), 'memory'),
            fn () => Client::open(World::sandbox()->settings(), 'sqlite:' . sys_get_temp_dir() . '/another'),
        ];
        foreach ($others as $other) {
            $failure = World::failing($other);
            self::assertInstanceOf(Misuse::class, $failure);
            self::assertStringContainsString('this process has a client', $failure->getMessage());
        }
    }

    public function testTheSettingsAreShownWithoutSecrets(): void
    {
        $library = World::library();
        $effective = json_decode($library->effectiveSettings(), true);
        self::assertSame('test', $effective['audience']);
        self::assertNotSame([], $library->warnings());
        self::assertSame('', Library::offline()->effectiveSettings());
    }

    /** @return iterable<string, array{string, class-string, string}> */
    public static function failing(): iterable
    {
        yield 'settings' => ["new Settings('{}'), 'memory'", Misuse::class, 'settings'];
        yield 'no JSON' => ["new Settings('{'), 'memory'", Misuse::class, 'settings'];
        yield 'an absent variable' => ["new Settings(['keys' => [['env' => 'NONE']]]), 'memory'", Misuse::class, 'settings'];
        yield 'a zero byte' => ['new Settings("{}\0"), \'memory\'', Misuse::class, 'settings'];
        yield 'a store that is none' => ["\$settings, 'mysql:counters'", Misuse::class, 'request'];
        yield 'a zero byte in the store' => ["\$settings, \"sqlite:/tmp/a\\0b\"", Misuse::class, 'settings'];
        yield 'a file in no folder' => ["\$settings, 'sqlite:/proc/nowhere/counters'", Upstream::class, 'guard'];
        yield 'no server' => ["\$settings, 'redis://127.0.0.1:1'", Upstream::class, 'guard'];
    }

    /**
     * @param class-string $class
     * @dataProvider failing
     */
    public function testWhatCannotBeOpenedSaysWhy(string $arguments, string $class, string $code): void
    {
        $settings = var_export(json_encode(World::sandbox()->document()), true);
        $shown = World::php(<<<PHP
            use Xoxzo\\TwoFactor\\Client;
            use Xoxzo\\TwoFactor\\Settings;
            \$settings = new Settings($settings);
            try {
                Client::open($arguments);
            } catch (Xoxzo\\TwoFactor\\TwoFactorException \$exception) {
                echo \$exception::class, ' ', \$exception->failure()->code->value, ' ', \$exception->explain('en')->text;
            }
            PHP);
        self::assertStringStartsWith("$class $code ", $shown);
        self::assertGreaterThan(strlen("$class $code "), strlen($shown));
    }

    public function testAClientInMemoryCountsForItsProcessOnly(): void
    {
        $user = World::sandbox()->user();
        $token = World::client()->start($user)->token;
        $pin = World::sandbox()->next($user->recipient)->pin();
        $forked = self::inAChild(fn () => World::failing(fn () => World::client()->verify($token, $user, $pin))->getMessage());
        self::assertStringContainsString('guard: ', $forked);
        self::assertStringContainsString('forked', $forked);
        self::assertSame($user->subject, World::client()->verify($token, $user, $pin)->subject);
    }

    public function testAClientWithAFileCountsForParentAndChildren(): void
    {
        $document = var_export(json_encode(World::sandbox()->document()), true);
        $account = var_export([World::sandbox()->url, World::sandbox()->sid, World::sandbox()->authToken], true);
        $folder = sys_get_temp_dir() . '/xoxzo-2fa-php-' . bin2hex(random_bytes(8));
        mkdir($folder, 0700);
        $shown = World::php(<<<PHP
            \$client = Xoxzo\\TwoFactor\\Client::open(new Xoxzo\\TwoFactor\\Settings($document), 'sqlite:$folder/counters');
            \$sandbox = new Xoxzo\\TwoFactor\\Testing\\Sandbox(...$account);
            \$user = \$sandbox->user();
            \$token = \$client->start(\$user)->token;
            \$pin = \$sandbox->next(\$user->recipient)->pin();
            for (\$children = 0; \$children < 8; \$children++) {
                if (pcntl_fork() === 0) {
                    try {
                        \$client->verify(\$token, \$user, \$pin);
                        exit(10);
                    } catch (Xoxzo\\TwoFactor\\Refuse \$refusal) {
                        exit(\$refusal->failure()->code->value === 'used' ? 11 : 12);
                    }
                }
            }
            for (\$ends = []; pcntl_wait(\$status) > 0;) {
                \$ends[] = pcntl_wexitstatus(\$status);
            }
            sort(\$ends);
            echo implode(' ', \$ends);
            PHP);
        array_map(unlink(...), array_filter((array) glob("$folder/{,.}*", GLOB_BRACE), is_file(...)));
        rmdir($folder);
        self::assertSame('10 11 11 11 11 11 11 11', $shown);
    }

    /** @param callable(): string $call */
    private static function inAChild(callable $call): string
    {
        [$ours, $theirs] = (array) stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, STREAM_IPPROTO_IP);
        $child = pcntl_fork();
        if ($child === 0) {
            fwrite($theirs, $call());
            // Without the end of a script, in which PHPUnit would report.
            posix_kill(posix_getpid(), SIGKILL);
        }
        fclose($theirs);
        $told = (string) stream_get_contents($ours);
        pcntl_waitpid($child, $status);
        return $told;
    }

    /** @return list<string> */
    private static function declarations(string $header): array
    {
        $plain = preg_replace(['~/\*.*?\*/~s', '/^#.*$/m', '/\s+/'], ['', '', ' '], (string) file_get_contents($header));
        preg_match_all('/\S[^;{]*(?:\{[^}]*\}[^;]*)?;/', (string) $plain, $found);
        return array_map(static fn (string $one): string => (string) preg_replace('/ ?([(){},;*]) ?/', '$1', $one), $found[0]);
    }
}
