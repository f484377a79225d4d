<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Backend;
use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Blame;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Code;
use Xoxzo\TwoFactor\Failure;
use Xoxzo\TwoFactor\Library;
use Xoxzo\TwoFactor\Misuse;
use Xoxzo\TwoFactor\Refuse;
use Xoxzo\TwoFactor\Upstream;

final class FailureTest extends TestCase
{
    private const LOCALES = ['en', 'ja', 'id', 'ms', 'vi', 'th', 'zh-Hans', 'zh-Hant', 'ko', 'es'];

    /** @return iterable<string, array{Code}> */
    public static function codes(): iterable
    {
        foreach (Code::cases() as $code) {
            yield $code->value => [$code];
        }
    }

    /** @dataProvider codes */
    public function testEveryCodeIsExplainedInEveryLanguage(Code $code): void
    {
        $exception = (new Failure(Blame::Refuse, $code, 'why', guessesLeft: 3, retryAfter: 90))->exception(Library::offline());
        $texts = array_map(static fn (string $locale): string => $exception->explain($locale)->text, self::LOCALES);
        self::assertSame(count(self::LOCALES), count(array_unique($texts)));
        foreach ($texts as $text) {
            self::assertNotSame('', $text);
            self::assertStringNotContainsString('why', $text);
        }
    }

    public function testThereIsACodeForEachOfTheContract(): void
    {
        $wit = (string) file_get_contents(__DIR__ . '/../../../wit/types.wit');
        self::assertSame(1, preg_match('/enum code \{(.*?)\n  \}/s', $wit, $body));
        preg_match_all('/^    ([a-z-]+),$/m', $body[1], $names);
        $codes = array_column(Code::cases(), 'value');
        // A trap is the host's own code.
        self::assertEqualsCanonicalizing([...$names[1], 'plugin'], $codes);
    }

    public function testAnUnknownLanguageIsMisuse(): void
    {
        $exception = (new Failure(Blame::Refuse, Code::Used, ''))->exception();
        self::assertInstanceOf(Misuse::class, World::failing(fn () => $exception->explain('tlh')));
    }

    public function testTheClassIsTheBlame(): void
    {
        $classes = [[Blame::Misuse, Misuse::class], [Blame::Refuse, Refuse::class], [Blame::Upstream, Upstream::class]];
        foreach ($classes as [$blame, $class]) {
            $exception = (new Failure($blame, Code::Plugin, 'why'))->exception();
            self::assertInstanceOf($class, $exception);
            self::assertSame('plugin: why', $exception->getMessage());
        }
    }

    /** @return iterable<string, array{mixed}> */
    public static function answers(): iterable
    {
        $accepted = ['receipt' => 'r', 'expires_in_seconds' => 60, 'audit' => ['decoy' => false]];
        yield 'nothing' => [[]];
        yield 'a list' => [['accepted']];
        yield 'true' => [['accepted' => true]];
        yield 'two answers' => [['accepted' => $accepted, 'failure' => []]];
        yield 'another question\'s' => [['challenged' => $accepted]];
        yield 'no receipt' => [['accepted' => ['receipt' => null] + $accepted]];
        yield 'a number for a text' => [['accepted' => ['receipt' => 1] + $accepted]];
        yield 'a text for a number' => [['accepted' => ['expires_in_seconds' => '60'] + $accepted]];
        yield 'no audit' => [['accepted' => ['audit' => 'none'] + $accepted]];
        yield 'an alarm that is none' => [['accepted' => ['audit' => ['decoy' => false, 'alarm' => 'fire']] + $accepted]];
        yield 'a code that is none' => [['failure' => ['blame' => 'refuse', 'code' => 'fine', 'detail' => '']]];
        yield 'a blame that is none' => [['failure' => ['blame' => 'nobody', 'code' => 'used', 'detail' => '']]];
    }

    /** @dataProvider answers */
    public function testAnAnswerThatIsNoneLetsNobodyIn(mixed $answer): void
    {
        $backend = $this->createStub(Backend::class);
        $backend->method('ask')->willReturn($answer);
        $exception = World::failing(fn () => (new Client($backend))->verify('token', new Binding('+819012345678', 'user-1'), '123456'));
        self::assertInstanceOf(Upstream::class, $exception);
        self::assertSame(Code::Plugin, $exception->failure()->code);
    }

    public function testTheSameBackendCanAccept(): void
    {
        $backend = $this->createStub(Backend::class);
        $backend->method('ask')->willReturn(['accepted' => ['receipt' => 'r', 'expires_in_seconds' => 60, 'audit' => ['decoy' => false]]]);
        $accepted = (new Client($backend))->verify('token', new Binding('+819012345678', 'user-1'), '123456');
        self::assertSame('user-1', $accepted->subject);
    }
}
