<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Testing\Sandbox;

/** The README's examples, from the archive that is published, in an empty folder. */
final class ReadmeTest extends TestCase
{
    private static string $folder;

    /** The folder `first`, with the package. */
    private static string $first;

    public static function setUpBeforeClass(): void
    {
        self::$folder = sys_get_temp_dir() . '/xoxzo-2fa-php-' . bin2hex(random_bytes(8));
        self::$first = self::$folder . '/first';
        foreach (['', '/xoxzo-2fa', '/xoxzo-2fa/host', '/xoxzo-2fa/host/php', '/bin', '/home'] as $each) {
            mkdir(self::$folder . $each, 0700);
        }
        // The program that the README installs, and no registry: there is nothing to download.
        [$program] = explode(' ', getenv('XOXZO_2FA_SANDBOX') ?: 'xoxzo-2fa');
        symlink(dirname((string) realpath($program)) . '/xoxzo-2fa-sandbox', self::$folder . '/bin/xoxzo-2fa-sandbox');
        file_put_contents(self::$folder . '/home/config.json', '{"repositories": {"packagist.org": false}}');
        $package = escapeshellarg(dirname(__DIR__));
        self::shell("composer -n -q archive -d $package --format=tar --dir=\$PWD --file=package && tar xf package.tar -C xoxzo-2fa/host/php");
        [, $install] = Readme::blocks('sh');
        self::shell(str_replace('composer ', 'composer -n -q ', $install));
        [$first] = Readme::blocks('php');
        file_put_contents(self::$first . '/first.php', $first);
    }

    public static function tearDownAfterClass(): void
    {
        exec('rm -rf ' . escapeshellarg(self::$folder));
    }

    public function testTheArchiveHasWhatIsNeededAndNoTests(): void
    {
        $package = self::$first . '/vendor/xoxzo/xoxzo-2fa';
        $needed = ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'preload.php', 'xoxzo_2fa.h', 'src/Client.php', 'examples/login/index.php'];
        foreach ($needed as $file) {
            self::assertFileExists("$package/$file");
        }
        foreach (['tests', 'phpunit.xml', 'phpcs.xml', 'vendor'] as $file) {
            self::assertFileDoesNotExist("$package/$file");
        }
    }

    public function testTheFirstPin(): void
    {
        [, , $start] = Readme::blocks('sh');
        $command = ['setsid', 'sh', '-ec', $start];
        $pipes = [];
        $process = self::open($command, $pipes);
        $group = proc_get_status($process)['pid'];
        try {
            $account = self::awaited(self::$first . '/account');
            self::assertSame(1, preg_match('/XOXZO_BASE_URL=["\']?([^"\'\s]+)/', $account, $found));
            $pin = (new Sandbox($found[1], '', ''))->next('+819012345678', wait: 60)->pin();
            fwrite($pipes[0], "$pin\n");
            // The sandbox stays, and with it the end of the output.
            $ended = self::ended($process);
            self::assertSame(0, $ended['exitcode'], (string) file_get_contents(self::$folder . '/log'));
        } finally {
            posix_kill(-$group, SIGTERM);
        }
        self::assertFileExists(self::$first . '/guard/counters');
    }

    public function testAFailureIsShown(): void
    {
        $code = self::named('error_log($failure->getMessage());');
        $shown = $this->afterAStart($code, 'World::wrong($pin)');
        self::assertStringContainsString('That is not the code. 4 tries are left.', $shown);
        self::assertStringContainsString('wrong-pin: ', $shown);
    }

    public function testTheLoginThatReplacesXoxzosClient(): void
    {
        [$before, $code] = Readme::blocks('php', 'docs/migrating.md');
        file_put_contents(self::$folder . '/before.php', "<?php\n$before");
        self::shell('php -l before.php');
        [$start, $verify] = explode("// after the form\n", $code);
        $settings = tempnam(self::$folder, 'settings');
        file_put_contents($settings, json_encode(World::sandbox()->document()));
        $start = str_replace(["'/srv/shop/settings.json'", 'sqlite:/srv/shop/guard/counters'], [var_export($settings, true), 'memory'], $start);
        $account = var_export([World::sandbox()->url, '', ''], true);
        $sessions = var_export(self::$folder, true);
        $shown = self::php(<<<PHP
            \$sandbox = new Xoxzo\\TwoFactor\\Testing\\Sandbox(...$account);
            \$user = (object) ['phone' => \$sandbox->user()->recipient, 'id' => 'user-1'];
            session_start(['use_cookies' => '0', 'save_path' => $sessions]);
            $start
            \$before = session_id();
            \$_POST['pin'] = \$sandbox->next(\$user->phone)->pin();
            $verify
            \$new = session_id() !== \$before && !file_exists($sessions . "/sess_\$before");
            echo \$_SESSION['user'], isset(\$_SESSION['token']) ? ', with a token' : '', \$new ? ', in a new session' : '';
            PHP);
        self::assertSame('user-1, in a new session', $shown);
    }

    public function testTheServerInPlaceOfTheLibrary(): void
    {
        $code = str_replace('http://127.0.0.1:9120', World::server()->url, self::named('new Client(new Remote('));
        $variables = '';
        foreach (['SHOP_KEY' => 'shop', 'SUPPORT_KEY' => 'support'] as $name => $caller) {
            $variables .= "putenv('$name=" . Server::key($caller) . "');\n";
        }
        $user = World::sandbox()->user();
        $start = "echo \$client->start(new Xoxzo\\TwoFactor\\Binding('$user->recipient', '$user->subject'))->token;";
        $shown = self::php("$variables$code$start echo ' ', \$operator->limits('$user->subject', '$user->recipient')->limits[0]->setting;");
        self::assertMatchesRegularExpression('/^\S{80} \S+$/D', $shown);
    }

    public function testTheKit(): void
    {
        self::assertSame('', self::php(self::named('$sandbox = Sandbox::start();')));
    }

    public function testTheExampleIsServed(): void
    {
        [, , , $serve] = Readme::blocks('sh');
        file_put_contents(self::$first . '/settings.json', json_encode(World::sandbox()->document()));
        $port = Site::freePort();
        $pipes = [];
        $process = self::open(['setsid', 'sh', '-ec', str_replace('8080', (string) $port, $serve)], $pipes);
        try {
            for ($tries = 0; $tries < 600 && ($page = @file_get_contents("http://127.0.0.1:$port/")) === false; $tries++) {
                usleep(50_000);
            }
            self::assertStringContainsString('name="password"', (string) $page, (string) file_get_contents(self::$folder . '/log'));
        } finally {
            posix_kill(-proc_get_status($process)['pid'], SIGTERM);
        }
        self::assertTrue(password_verify('secret', (require self::$first . '/users.php')['ann']['hash']));
    }

    /** The block of PHP that contains a text. */
    private static function named(string $text): string
    {
        $found = array_filter(Readme::blocks('php'), static fn (string $block): bool => str_contains($block, $text));
        self::assertCount(1, $found);
        return (string) reset($found);
    }

    /** Runs a block in a process where a code was sent to a user. */
    private function afterAStart(string $code, string $pin): string
    {
        $document = var_export(World::sandbox()->document(), true);
        $account = var_export([World::sandbox()->url, '', ''], true);
        $pin = str_replace('World::', '\\' . World::class . '::', $pin);
        $world = var_export(__DIR__ . '/World.php', true);
        return self::php(<<<PHP
            require $world;
            \$client = Xoxzo\\TwoFactor\\Client::open(new Xoxzo\\TwoFactor\\Settings($document), 'memory');
            \$sandbox = new Xoxzo\\TwoFactor\\Testing\\Sandbox(...$account);
            \$user = \$sandbox->user();
            \$_SESSION['token'] = \$client->start(\$user)->token;
            \$pin = \$sandbox->next(\$user->recipient)->pin();
            \$_POST['pin'] = $pin;
            $code
            PHP);
    }

    /** Runs PHP with the package that was installed from the archive. */
    private static function php(string $code): string
    {
        // `use` stands at the top of a file only.
        preg_match_all('/^\s*use [^;]+;$/m', $code, $uses);
        $code = (string) preg_replace('/^\s*use [^;]+;$/m', '', $code);
        $file = (string) tempnam(self::$folder, 'php');
        file_put_contents($file, "<?php\n" . implode("\n", $uses[0]) . "\nrequire '" . self::$first . "/vendor/autoload.php';\n$code");
        return self::shell('php -d zend.assertions=1 ' . escapeshellarg($file) . ' 2>&1');
    }

    private static function shell(string $command): string
    {
        $pipes = [];
        $process = self::open(['sh', '-ec', $command], $pipes, self::$folder);
        fclose($pipes[0]);
        $output = (string) stream_get_contents($pipes[1]);
        $status = proc_close($process);
        self::assertSame(0, $status, $output . file_get_contents(self::$folder . '/log'));
        return $output;
    }

    /**
     * @param list<string> $command
     * @param array<int, resource> $pipes
     * @return resource
     */
    private static function open(array $command, array &$pipes, ?string $folder = null)
    {
        $own = ['PATH' => self::$folder . '/bin:' . getenv('PATH'), 'COMPOSER_HOME' => self::$folder . '/home', 'COMPOSER_ALLOW_SUPERUSER' => '1'];
        $outlets = [['pipe', 'r'], ['pipe', 'w'], ['file', self::$folder . '/log', 'a']];
        $process = proc_open($command, $outlets, $pipes, $folder ?? self::$first, [...getenv(), ...$own]);
        self::assertIsResource($process);
        return $process;
    }

    private static function awaited(string $file): string
    {
        for ($tries = 0; $tries < 600; $tries++) {
            clearstatcache();
            if (is_file($file) && filesize($file) > 0) {
                return (string) file_get_contents($file);
            }
            usleep(50_000);
        }
        self::fail("$file did not appear");
    }

    /**
     * @param resource $process
     * @return array<string, mixed>
     */
    private static function ended($process): array
    {
        for ($tries = 0; $tries < 1_200; $tries++) {
            $status = proc_get_status($process);
            if (!$status['running']) {
                return $status;
            }
            usleep(50_000);
        }
        self::fail('it did not end: ' . file_get_contents(self::$folder . '/log'));
    }
}
