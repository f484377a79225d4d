<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Expected;
use Xoxzo\TwoFactor\Remote;
use Xoxzo\TwoFactor\Sending;
use Xoxzo\TwoFactor\Settings;
use Xoxzo\TwoFactor\StepUp;
use Xoxzo\TwoFactor\Testing\Sandbox;
use Xoxzo\TwoFactor\Transaction;

/** Dumps, exceptions and their traces show no secret. */
final class SecretsTest extends TestCase
{
    public function testDumpsShowNone(): void
    {
        [$client, $sandbox] = [World::client(), World::sandbox()];
        $user = $sandbox->user();
        $bound = new Binding($user->recipient, $user->subject, session: 's3ssion', transaction: new Transaction('1', 'JPY', 'Payee'));
        $challenge = $client->start($user, new Sending(client: '192.0.2.77'));
        $acceptance = $client->verify($challenge->token, $user, $sandbox->next($user->recipient)->pin());
        $secrets = [
            $user->recipient, 's3ssion', 'Payee', '192.0.2.77', $challenge->token, (string) $challenge->handle, $acceptance->receipt,
            $sandbox->authToken, ...$sandbox->document()['keys'],
        ];
        $objects = [
            $user, $bound, new Sending(client: '192.0.2.77'), $challenge, $acceptance, $client, $sandbox, $sandbox->settings(),
            new Expected('user-1', recipient: $user->recipient, session: 's3ssion'), new StepUp('user-1', new Transaction('1', 'JPY', 'Payee')),
        ];
        foreach ($objects as $object) {
            ob_start();
            var_dump($object);
            $dump = ob_get_clean() . print_r($object, true);
            self::assertStringContainsString($object::class, $dump);
            self::assertNone($secrets, $dump);
            if (!$object instanceof Sandbox) {
                self::assertNone($secrets, json_encode(['within' => [$object]], JSON_THROW_ON_ERROR));
            }
        }
        self::assertSame($challenge->masked, json_decode(json_encode($challenge, JSON_THROW_ON_ERROR), true)['masked']);
    }

    public function testKeysAreInNoDumpOfAnyKind(): void
    {
        [$sandbox, $key] = [World::sandbox(), 's3cret-key-of-a-caller-with-32-letters'];
        $settings = $sandbox->settings();
        foreach ([$settings, new Remote('http://127.0.0.1:9120', $key)] as $object) {
            $shown = var_export($object, true) . print_r((array) $object, true) . json_encode($object, JSON_THROW_ON_ERROR);
            self::assertNone([$key, $sandbox->authToken, ...$sandbox->document()['keys']], $shown);
        }
    }

    public function testExceptionsShowNone(): void
    {
        [$client, $sandbox] = [World::client(), World::sandbox()];
        $user = $sandbox->user();
        $challenge = $client->start($user);
        $wrong = World::wrong($sandbox->next($user->recipient)->pin());
        $sandbox->fault('forbidden', '+819099999999');
        $settings = $sandbox->document();
        $calls = [
            fn () => $client->verify($challenge->token, $user, $wrong),
            fn () => $client->verify("$challenge->token.", $user, $wrong),
            fn () => $client->start($user),
            fn () => $client->start(new Binding('+819099999999', 'user-1')),
            fn () => $client->start(new Binding('s3cret', 'user 1', 'none', 's3cret s3cret')),
            fn () => $client->numberIndex('s3cret'),
            fn () => $client->status('s3cret'),
            fn () => \Xoxzo\TwoFactor\Client::open(new Settings(['keys' => ['s3cret']] + $settings), 'memory'),
            fn () => \Xoxzo\TwoFactor\Client::open(new Settings($settings), 's3cret:s3cret'),
            fn () => new Settings(['keys' => ["\xff", 's3cret']]),
            fn () => Settings::fromFile('s3cret'),
        ];
        $secrets = [$user->recipient, $challenge->token, $wrong, 's3cret', '+819099999999', $sandbox->authToken, ...$settings['keys']];
        foreach ($calls as $at => $call) {
            $exception = World::failing($call);
            $own = array_filter($exception->getTrace(), self::isOurs(...));
            self::assertNotSame([], $own);
            $shown = $exception->getMessage() . $exception->getTraceAsString() . print_r($exception->failure(), true) . print_r($own, true);
            self::assertNone($secrets, $shown, (string) $at);
        }
    }

    public function testNeitherClientNorSettingsAreSerialized(): void
    {
        foreach ([World::client(), World::sandbox()->settings()] as $object) {
            try {
                serialize($object);
                self::fail('it was serialized');
            } catch (\LogicException $refused) {
                self::assertStringContainsString('serialized', $refused->getMessage());
            }
        }
    }

    /**
     * Frames of the package. Those of the test hold its closures, and with them all of PHPUnit.
     *
     * @param array<string, mixed> $frame
     */
    private static function isOurs(array $frame): bool
    {
        return preg_match('/^Xoxzo\\\\TwoFactor\\\\(?!Tests)/', $frame['class'] ?? '') === 1;
    }

    /** @param list<string> $secrets */
    private static function assertNone(array $secrets, string $shown, string $what = ''): void
    {
        foreach ($secrets as $secret) {
            self::assertStringNotContainsString($secret, $shown, $what);
        }
    }
}
