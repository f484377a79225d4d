<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Code;
use Xoxzo\TwoFactor\Misuse;
use Xoxzo\TwoFactor\Refuse;
use Xoxzo\TwoFactor\Sending;
use Xoxzo\TwoFactor\Transaction;

/** Checks that a user can cause a refusal at most. Mistakes that only a program can make are misuse, or a TypeError. `RemoteInputTest` repeats it. */
class InputTest extends TestCase
{
    protected static function client(): Client
    {
        return World::client();
    }

    /** @return iterable<string, array{mixed}> */
    public static function typed(): iterable
    {
        yield 'empty' => [''];
        yield 'only a zero byte' => ["\0"];
        yield 'no UTF-8' => ["\xff\xfe1234"];
        yield 'half a character' => ["12345\xe3\x81"];
        yield 'a surrogate in UTF-8' => ["\xed\xa0\x80"];
        yield 'fullwidth digits' => ['１２３４５６'];
        yield 'Arabic digits' => ['١٢٣٤٥٦'];
        yield 'quotes and braces' => ['"},"accepted":{"'];
        yield 'an escape' => ['\u0031\u0032'];
        yield 'a line break' => ["123456\r\nX-Header: 1"];
        yield 'long' => [str_repeat('1', 4_096)];
        yield 'longer' => [str_repeat('1', 4_097)];
        yield 'huge' => [str_repeat('1', 20_000_000)];
    }

    /** @dataProvider typed */
    public function testNoPinIsMoreThanRefused(string $pin): void
    {
        [$client, $user, $token, $right] = self::sent();
        $refusal = World::failing(fn () => $client->verify($token, $user, $pin));
        self::assertInstanceOf(Refuse::class, $refusal);
        self::assertSame(Code::Malformed, $refusal->failure()->code);
        // It cost no try, and the right one is still right.
        self::assertSame($user->subject, $client->verify($token, $user, $right)->subject);
    }

    /** @return iterable<string, array{mixed}> */
    public static function untyped(): iterable
    {
        yield 'nothing' => [null];
        yield 'the end of the input' => [false];
        yield 'true' => [true];
        yield 'a number' => [123456];
        yield 'a fraction' => [123456.0];
        yield 'a list, as of pin[]=1' => [['1']];
        yield 'a map, as of pin[accepted]=1' => [['accepted' => '1']];
        yield 'an object' => [new \ArrayObject(['1'])];
    }

    /** @dataProvider untyped */
    public function testWhatIsNoTextIsNoPin(mixed $pin): void
    {
        [$client, $user, $token] = self::sent();
        self::assertSame(Code::Malformed, World::failing(fn () => $client->verify($token, $user, $pin))->failure()->code);
    }

    public function testTheRightPinWithAnythingAroundItIsNone(): void
    {
        [$client, $user, $token, $right] = self::sent();
        foreach (["$right\0", "\0$right", "$right\0" . '9', "$right\xff", "{$right}1234567", "+$right", "$right\u{200b}"] as $pin) {
            $refusal = World::failing(fn () => $client->verify($token, $user, $pin));
            self::assertSame(Code::Malformed, $refusal->failure()->code, bin2hex($pin));
        }
        self::assertSame($user->subject, $client->verify($token, $user, $right)->subject);
    }

    /** @dataProvider typed */
    public function testNoTokenIsMoreThanRefused(string $forged): void
    {
        [$client, $user, $token, $right] = self::sent();
        foreach ([$forged, $token . $forged, substr($token, 0, 79) . $forged] as $each) {
            if ($each === $token) {
                continue;
            }
            foreach ([fn () => $client->verify($each, $user, $right), fn () => $client->resend($each, $user)] as $call) {
                $refusal = World::failing($call);
                self::assertInstanceOf(Refuse::class, $refusal);
                self::assertSame(Code::InvalidToken, $refusal->failure()->code);
            }
        }
        self::assertSame($user->subject, $client->verify($token, $user, $right)->subject);
    }

    /** @dataProvider typed */
    public function testNoHandleIsMoreThanRefused(string $handle): void
    {
        self::assertSame(Code::InvalidToken, World::failing(fn () => static::client()->status($handle))->failure()->code);
    }

    /** @dataProvider typed */
    public function testABindingThatIsNoneIsMisuse(string $text): void
    {
        $client = static::client();
        $bindings = [
            new Binding($text, 'user-1'),
            new Binding('+819012345678', 'user-1', $text),
            new Binding('+819012345678', 'user-1', transaction: new Transaction($text, 'JPY', 'Shop')),
        ];
        if (preg_match('/^[!-~]{1,128}$/D', $text) === 0) {
            $bindings[] = new Binding('+819012345678', $text);
            $bindings[] = new Binding('+819012345678', 'user-1', session: $text);
        }
        foreach ($bindings as $at => $binding) {
            $failure = World::failing(fn () => $client->start($binding));
            self::assertInstanceOf(Misuse::class, $failure, (string) $at);
            self::assertSame(Code::Request, $failure->failure()->code);
        }
        $sending = new Sending(locale: $text);
        $failure = World::failing(fn () => $client->start(World::sandbox()->user(), $sending));
        self::assertInstanceOf(Misuse::class, $failure);
    }

    public function testArgumentsOfOtherTypesAreTypeErrors(): void
    {
        $this->expectException(\TypeError::class);
        static::client()->verify(['token'], World::sandbox()->user(), '123456');
    }

    /** @return array{Client, Binding, string, string} */
    private static function sent(): array
    {
        $user = World::sandbox()->user();
        $token = static::client()->start($user)->token;
        return [static::client(), $user, $token, World::sandbox()->next($user->recipient)->pin()];
    }
}
