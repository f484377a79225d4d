<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Psr\Log\AbstractLogger;
use Psr\Log\LoggerInterface;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Library;
use Xoxzo\TwoFactor\Operator;

/** A PSR-3 logger takes the event of each operation. */
final class EventsTest extends TestCase
{
    public function testEachOperationIsLoggedOnceAndWithoutSecrets(): void
    {
        $logger = self::logger();
        $library = self::library($logger);
        [$client, $sandbox] = [new Client($library), World::sandbox()];
        $user = $sandbox->user();
        $challenge = $client->start($user);
        $pin = $sandbox->next($user->recipient)->pin();
        World::failing(fn () => $client->verify($challenge->token, $user, World::wrong($pin)));
        $client->verify($challenge->token, $user, $pin);
        (new Operator($library, 'ann'))->limits($user->subject, $user->recipient);
        $sandbox->fault('forbidden', '+819099999999');
        World::failing(fn () => $client->start(new \Xoxzo\TwoFactor\Binding('+819099999999', 'user-1')));
        // No operation, and so no event.
        $client->preview();
        World::failing(fn () => $client->numberIndex('none'));
        self::assertSame([
            'info: xoxzo-2fa: start: ok', 'info: xoxzo-2fa: verify: wrong-pin', 'info: xoxzo-2fa: verify: ok', 'info: xoxzo-2fa: limits: ok',
            'warning: xoxzo-2fa: start: provider',
        ], $logger->lines);
        [$start, $wrong, $verify, $limits, $failed] = $logger->contexts;
        self::assertSame(['sms', 'accepted', 'sms', 1], [$start['channel'], $start['delivery'], $start['cost'], $start['parts']]);
        self::assertSame([$start['challenge_id'], $start['subject']], [$verify['challenge_id'], $verify['subject']]);
        self::assertSame(['refuse', 'ann', 'upstream'], [$wrong['outcome'], $limits['operator'], $failed['outcome']]);
        $shown = json_encode($logger->contexts, JSON_THROW_ON_ERROR);
        foreach ([$user->recipient, $user->subject, $challenge->token, $pin, '9099999999'] as $secret) {
            self::assertStringNotContainsString($secret, $shown);
        }
    }

    public function testALoggerThatThrowsChangesNothing(): void
    {
        $throwing = new class extends AbstractLogger {
            public function log($level, $message, array $context = []): void
            {
                throw new \RuntimeException('the disk is full');
            }
        };
        [$client, $sandbox] = [new Client(self::library($throwing)), World::sandbox()];
        $user = $sandbox->user();
        $log = (string) tempnam(sys_get_temp_dir(), 'xoxzo-2fa-log');
        $before = ini_set('error_log', $log);
        $challenge = $client->start($user);
        $acceptance = $client->verify($challenge->token, $user, $sandbox->next($user->recipient)->pin());
        ini_set('error_log', (string) $before);
        $told = (string) file_get_contents($log);
        unlink($log);
        self::assertSame($user->subject, $acceptance->subject);
        self::assertSame(2, substr_count($told, 'the logger threw RuntimeException'));
        self::assertStringNotContainsString($user->recipient, $told);
    }

    public function testWithoutALoggerNothingIsLogged(): void
    {
        $logger = self::logger();
        self::library($logger);
        World::client()->start(World::sandbox()->user());
        self::assertSame([], $logger->lines);
    }

    private static function library(LoggerInterface $logger): Library
    {
        World::library();
        return Library::open(World::sandbox()->settings(World::LIMITS), 'memory', $logger);
    }

    private static function logger(): object
    {
        return new class extends AbstractLogger {
            /** @var list<string> */
            public array $lines = [];

            /** @var list<array<string, mixed>> */
            public array $contexts = [];

            public function log($level, $message, array $context = []): void
            {
                $this->lines[] = "$level: $message";
                $this->contexts[] = $context;
            }
        };
    }
}
