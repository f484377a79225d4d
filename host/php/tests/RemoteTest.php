<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use Xoxzo\TwoFactor\Acceptance;
use Xoxzo\TwoFactor\Backend;
use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Code;
use Xoxzo\TwoFactor\Misuse;
use Xoxzo\TwoFactor\Offline;
use Xoxzo\TwoFactor\Operator;
use Xoxzo\TwoFactor\Remote;
use Xoxzo\TwoFactor\StepUp;
use Xoxzo\TwoFactor\Transaction;
use Xoxzo\TwoFactor\Upstream;

/** Everything that a client does, over a server, and the faults of servers. */
final class RemoteTest extends ClientTest
{
    protected const AUDITED = false;

    private const ACCEPTED = '{"accepted":{"receipt":"r","expires_in_seconds":60,"subject":"user-1"}}';

    protected static function client(): Client
    {
        return new Client(World::server()->remote('shop'));
    }

    protected static function operators(): Backend
    {
        return World::server()->remote('support');
    }

    public function testAKeyHasItsRightsOnly(): void
    {
        [$shop, $support] = [World::server()->remote('shop'), World::server()->remote('support')];
        $unknown = new Remote(World::server()->url, str_repeat('k', 32));
        $calls = [
            fn () => (new Operator($shop, 'ann'))->credits(),
            fn () => (new Client($support))->start(World::sandbox()->user()),
            fn () => (new Client($unknown))->start(World::sandbox()->user()),
        ];
        foreach ($calls as $call) {
            self::assertInstanceOf(Misuse::class, World::failing($call));
        }
    }

    public function testAServerSaysWhetherItIsReady(): void
    {
        $codes = ['200 OK' => null, '503 Service Unavailable' => Code::Guard, '500 Internal Server Error' => Code::Plugin];
        foreach ($codes as $status => $code) {
            $answer = "HTTP/1.1 $status\r\nContent-Length: 0\r\n\r\n";
            [$outcome, $requests] = self::asked($answer, static fn (Client $client) => $client->ready());
            self::assertSame($code, $outcome instanceof Upstream ? $outcome->failure()->code : $outcome, $status);
            self::assertCount(1, $requests);
            self::assertStringStartsWith('GET /ready HTTP/1.1', $requests[0][0]);
            self::assertStringNotContainsStringIgnoringCase('authorization', $requests[0][0]);
        }
    }

    public function testOfManyProcessesWithoutFfiOneIsAccepted(): void
    {
        $user = World::sandbox()->user();
        $token = self::client()->start($user)->token;
        $pin = World::sandbox()->next($user->recipient)->pin();
        $arguments = var_export([World::server()->url, Server::key('shop'), $token, $user->recipient, $user->subject, $pin], true);
        $ends = World::php(<<<PHP
            [\$url, \$key, \$token, \$recipient, \$subject, \$pin] = $arguments;
            \$client = new Xoxzo\\TwoFactor\\Client(new Xoxzo\\TwoFactor\\Remote(\$url, \$key));
            for (\$children = 0; \$children < 8; \$children++) {
                if (pcntl_fork() === 0) {
                    try {
                        \$client->verify(\$token, new Xoxzo\\TwoFactor\\Binding(\$recipient, \$subject), \$pin);
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
            PHP, ['-d', 'ffi.enable=0']);
        self::assertSame('10 11 11 11 11 11 11 11', $ends);
    }

    /** @return iterable<string, array{string}> */
    public static function answers(): iterable
    {
        yield 'nothing' => [''];
        yield 'no HTTP' => ['SSH-2.0-OpenSSH_9.2'];
        yield 'a page' => [self::http('<h1>Bad Gateway</h1>', '502 Bad Gateway')];
        yield 'a list' => [self::http('[]')];
        yield 'a text' => [self::http('"accepted"')];
        yield 'true' => [self::http('{"accepted":true}')];
        yield 'another question\'s' => [self::http('{"challenged":{}}')];
        yield 'a receipt that is none' => [self::http('{"accepted":{"receipt":7,"expires_in_seconds":60}}')];
        yield 'an acceptance of another status' => [self::http(self::ACCEPTED, '500 Internal Server Error')];
        yield 'a redirection' => [self::http(self::ACCEPTED, "307 Temporary Redirect\r\nLocation: /v1/start")];
        yield 'half an answer' => ["HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" . self::ACCEPTED];
        yield 'an answer without end' => [self::http(self::ACCEPTED . str_repeat(' ', 2_000_000))];
    }

    /** @dataProvider answers */
    public function testAnAnswerThatIsNoneLetsNobodyInAndIsAskedForOnce(string $answer): void
    {
        [$failure, $requests] = self::verified($answer);
        self::assertInstanceOf(Upstream::class, $failure);
        self::assertSame(Code::Plugin, $failure->failure()->code);
        self::assertStringNotContainsString(Server::key('shop'), $failure . print_r($failure->failure(), true));
        self::assertCount(1, $requests);
    }

    public function testAQuestionIsSentAsTheServerReadsIt(): void
    {
        [$acceptance, [[$head, $body]]] = self::verified(self::http(self::ACCEPTED));
        self::assertInstanceOf(Acceptance::class, $acceptance);
        self::assertSame('user-1', $acceptance->subject);
        self::assertStringStartsWith("POST /v1/verify HTTP/1.1\r\n", $head);
        self::assertStringContainsString("\r\nAuthorization: Bearer " . Server::key('shop') . "\r\n", $head);
        $binding = ['recipient' => '+819012345678', 'subject' => 'user-1', 'purpose' => 'login'];
        self::assertSame(['token' => 'token', 'binding' => $binding, 'pin' => '123456'], json_decode($body, true));
    }

    public function testAProxyOfTheEnvironmentIsNotAsked(): void
    {
        putenv('http_proxy=http://127.0.0.1:1');
        try {
            self::assertFalse(curl_exec(curl_init(World::server()->url . '/health')), 'curl itself asks the proxy');
            self::assertSame(10, count((new Client(self::operators()))->preview()));
        } finally {
            putenv('http_proxy');
        }
    }

    public function testNoKeyOfTheSettingsIsSent(): void
    {
        // Nobody listens there: a key that was sent would be Upstream.
        $offline = new Offline(new Remote('http://127.0.0.1:1', str_repeat('k', 32)));
        $made = new StepUp('user-1', new Transaction('12.50', 'EUR', 'Ann Lee'));
        $calls = [
            fn () => $offline->keygen(),
            fn () => $offline->receiptKey('key', 'shop'),
            fn () => $offline->requestKey('key', 'shop'),
            fn () => $offline->signRequest('key', $made),
        ];
        foreach ($calls as $call) {
            self::assertInstanceOf(Misuse::class, World::failing($call));
        }
    }

    public function testAServerThatIsAbsentIsUpstream(): void
    {
        $client = new Client(new Remote('http://127.0.0.1:' . Site::freePort(), Server::key('shop')));
        $failure = World::failing(fn () => $client->start(World::sandbox()->user()));
        self::assertInstanceOf(Upstream::class, $failure);
        self::assertInstanceOf(Upstream::class, World::failing(fn () => $failure->explain('en')));
        // It is not even tried.
        $long = World::failing(fn () => $client->start(new Binding(str_repeat('1', 65_536), 'user-1')));
        self::assertSame([Misuse::class, Code::Request], [$long::class, $long->failure()->code]);
    }

    public function testWhatIsNoServerIsMisuse(): void
    {
        $key = Server::key('shop');
        foreach (['', '127.0.0.1', 'file:///etc/passwd', 'http://ann:s3cret@shop', 'http://shop/v1', "http://shop\n", 'http://shop?a'] as $url) {
            self::assertInstanceOf(Misuse::class, World::failing(fn () => new Remote($url, $key)), $url);
        }
        foreach (['', "$key\n", "$key\r\nX-Header: 1", "s3cret\0"] as $wrong) {
            $failure = World::failing(fn () => new Remote('http://127.0.0.1:9120', $wrong));
            self::assertInstanceOf(Misuse::class, $failure);
            self::assertStringNotContainsString($key, (string) $failure);
        }
        self::assertStringContainsString('no extension curl', World::php(
            'try { new Xoxzo\TwoFactor\Remote("http://shop", "key"); } catch (Xoxzo\TwoFactor\Misuse $misuse) { echo $misuse->getMessage(); }',
            ['-n'],
        ));
    }

    public function testTheKeyIsNeitherShownNorSerialized(): void
    {
        $remote = World::server()->remote('shop');
        ob_start();
        var_dump($remote);
        $dump = ob_get_clean() . print_r($remote, true);
        self::assertStringContainsString(World::server()->url, $dump);
        self::assertStringNotContainsString(Server::key('shop'), $dump);
        $this->expectExceptionMessage('cannot be serialized');
        serialize($remote);
    }

    private static function http(string $body, string $status = '200 OK'): string
    {
        return "HTTP/1.1 $status\r\nContent-Length: " . strlen($body) . "\r\n\r\n$body";
    }

    /**
     * Verifies over a server with this answer, and returns the outcome and the requests that came, heads and bodies.
     *
     * @return array{Acceptance|\Throwable, list<array{string, string}>}
     */
    private static function verified(string $answer): array
    {
        $user = new Binding('+819012345678', 'user-1');
        return self::asked($answer, static fn (Client $client): Acceptance => $client->verify('token', $user, '123456'));
    }

    /**
     * Asks a server that gives each request the same answer.
     *
     * @param callable(Client): mixed $ask
     * @return array{mixed, list<array{string, string}>} What came of it, and the heads and bodies of the requests.
     */
    private static function asked(string $answer, callable $ask): array
    {
        $process = proc_open([PHP_BINARY, __DIR__ . '/lone.php'], [['pipe', 'r'], ['pipe', 'w']], $pipes);
        self::assertIsResource($process);
        fwrite($pipes[0], $answer);
        fclose($pipes[0]);
        $client = new Client(new Remote('http://' . trim((string) fgets($pipes[1])), Server::key('shop')));
        try {
            $outcome = $ask($client);
        } catch (\Throwable $outcome) {
        } finally {
            proc_terminate($process);
            $lines = explode("\n", trim((string) stream_get_contents($pipes[1])));
            proc_close($process);
        }
        return [$outcome, array_map(static fn (string $line): array => json_decode($line, true, flags: JSON_THROW_ON_ERROR), $lines)];
    }
}
