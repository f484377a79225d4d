<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Testing\Message;
use Xoxzo\TwoFactor\Testing\Sandbox;

/** Four workers of php-fpm behind nginx, with Debian's `ffi.enable = preload`. */
final class FpmTest extends TestCase
{
    private const LOGINS = 1_000;
    private const GUESSED = 200;
    private const AT_ONCE = 32;

    private Sandbox $sandbox;

    public function testLimitsAreExactOverAThousandLogins(): void
    {
        $limits = ['sends' => ['per_audience' => ['count' => self::LOGINS]], 'failures' => ['per_audience' => ['count' => 1_000_000]]];
        $site = $this->site(Site::preloaded(), $limits, ['EVENTS' => '{folder}/guard/events']);
        $users = array_map(fn (): Binding => $this->sandbox->user(), range(1, self::LOGINS - 1));

        // Twenty starts for one user at once: one message.
        $eager = $this->sandbox->user();
        $starts = $this->post($site, array_fill(0, 20, self::form($eager)));
        self::assertEquals(['token' => 1, 'cooldown' => 19], self::counted($starts));

        $starts = [...$starts, ...$this->post($site, array_map(self::form(...), $users))];
        $tokens = array_column($starts, 'token');
        self::assertEquals(['token' => self::LOGINS, 'cooldown' => 19], self::counted($starts));
        self::assertCount(4, array_unique(array_column($starts, 'worker')));

        // The cap of all users together is reached, to the message.
        $late = $this->post($site, array_map(fn (): array => self::form($this->sandbox->user()), range(1, 20)));
        self::assertEquals(['too-many-sends' => 20], self::counted($late));

        $pins = [];
        foreach ($this->sandbox->inbox() as $message) {
            $pins[$message->recipient] = $message->pin();
        }
        self::assertCount(self::LOGINS, $pins);

        // Eight wrong codes at once: five tries.
        $forms = [];
        [$guessed, $honest] = [array_slice($users, 0, self::GUESSED, true), array_slice($users, self::GUESSED, null, true)];
        foreach ($guessed as $at => $user) {
            $wrong = World::wrong($pins[$user->recipient]);
            array_push($forms, ...array_fill(0, 8, self::form($user, $tokens[$at + 1], $wrong)));
        }
        $guesses = $this->post($site, $forms);
        self::assertEquals(['wrong-pin' => 5 * self::GUESSED, 'exhausted' => 3 * self::GUESSED], self::counted($guesses));
        foreach (array_chunk($guesses, 8) as $each) {
            $left = array_filter(array_column($each, 'guesses_left'), is_int(...));
            self::assertEqualsCanonicalizing([0, 1, 2, 3, 4], $left);
        }
        $right = fn (Binding $user, int $at): array => self::form($user, $tokens[$at + 1], $pins[$user->recipient]);
        $spent = $this->post($site, array_map($right, $guessed, array_keys($guessed)));
        self::assertEquals(['exhausted' => self::GUESSED], self::counted($spent));

        // The right code three times at once: accepted once.
        $forms = [];
        foreach ($honest as $at => $user) {
            array_push($forms, ...array_fill(0, 3, $right($user, $at)));
        }
        $answers = $this->post($site, $forms);
        self::assertEquals(['accepted' => count($honest), 'used' => 2 * count($honest)], self::counted($answers));
        foreach (array_chunk($answers, 3) as $number => $each) {
            self::assertSame([array_values($honest)[$number]->subject], array_values(array_filter(array_column($each, 'accepted'))));
        }

        // Each answer has its event, whichever worker gave it.
        $asked = [...$starts, ...$late, ...$guesses, ...$spent, ...$answers];
        $events = file("$site->folder/guard/events", FILE_IGNORE_NEW_LINES) ?: [];
        $expected = array_map(static fn (array $one): string => match (true) {
            isset($one['token']) => 'start: ok',
            isset($one['accepted']) => 'verify: ok',
            in_array($one['code'], ['cooldown', 'too-many-sends'], true) => "start: $one[code]",
            default => "verify: $one[code]",
        }, $asked);
        $logged = array_map(static fn (string $line): string => (string) preg_replace('/^info xoxzo-2fa: (\S+ \S+) .*$/', '$1', $line), $events);
        self::assertEquals(array_count_values($expected), array_count_values($logged));
        $shown = implode("\n", $events);
        foreach ($users as $at => $user) {
            self::assertStringNotContainsString($user->recipient, $shown);
            self::assertStringNotContainsString($tokens[$at + 1], $shown);
        }

        $this->measured('open', $answers, 'opened');
        $this->measured('start', array_filter($starts, static fn (array $one): bool => isset($one['token'])));
        $this->measured('verify', array_filter($answers, static fn (array $one): bool => isset($one['accepted'])));
    }

    public function testCountersInMemoryAreRefused(): void
    {
        $site = $this->site(Site::preloaded());
        [$answer] = $this->post($site, [['store' => 'memory', ...self::form($this->sandbox->user())]]);
        self::assertSame('settings', $answer['code']);
        self::assertStringContainsString('here workers come and go', $answer['detail']);
    }

    public function testPhpsOwnServerCountsInMemoryUnlessItHasWorkers(): void
    {
        $this->sandbox = Sandbox::start();
        foreach ([[], ['PHP_CLI_SERVER_WORKERS' => '2']] as $workers) {
            $site = Site::builtIn(__DIR__ . '/pages', ['SETTINGS' => '{folder}/settings.json', 'STORE' => 'memory', ...$workers]);
            file_put_contents("$site->folder/settings.json", json_encode($this->sandbox->document(), JSON_THROW_ON_ERROR));
            $user = $this->sandbox->user();
            $answers = [...$this->post($site, [self::form($user)]), ...$this->post($site, [self::form($user)])];
            self::assertEquals($workers === [] ? ['token' => 1, 'cooldown' => 1] : ['settings' => 2], self::counted($answers));
        }
    }

    public function testWithoutPreloadingTheSettingsAreNamed(): void
    {
        $site = $this->site([]);
        [$answer] = $this->post($site, [self::form($this->sandbox->user())]);
        self::assertSame('settings', $answer['code']);
        self::assertStringContainsString('preload.php in opcache.preload and its xoxzo_2fa.h in ffi.preload', $answer['detail']);
    }

    public function testWithFfiEnabledNothingIsPreloaded(): void
    {
        $site = $this->site(['ffi.enable = true']);
        $user = $this->sandbox->user();
        for ($request = 0; $request < 20; $request++) {
            [$answer] = $this->post($site, [self::form($request === 0 ? $user : $this->sandbox->user())]);
            self::assertArrayHasKey('token', $answer, $site->log());
        }
        self::assertStringNotContainsString('SIG', $site->log());
    }

    /**
     * @param list<string> $ini
     * @param array<string, mixed> $changes
     * @param array<string, string> $environment
     */
    private function site(array $ini, array $changes = [], array $environment = []): Site
    {
        $this->sandbox = Sandbox::start(options: ['--credits', '100000']);
        $settings = json_encode($this->sandbox->document($changes), JSON_THROW_ON_ERROR);
        $places = ['SETTINGS' => '{folder}/settings.json', 'STORE' => 'sqlite:{folder}/guard/counters', ...$environment];
        $site = new Site(__DIR__ . '/pages', $ini, $places);
        file_put_contents("$site->folder/settings.json", $settings);
        return $site;
    }

    /** @return array<string, string> */
    private static function form(Binding $user, ?string $token = null, ?string $pin = null): array
    {
        $form = ['recipient' => $user->recipient, 'subject' => $user->subject, 'token' => $token, 'pin' => $pin];
        return array_filter($form, is_string(...));
    }

    /**
     * @param list<array<string, mixed>> $answers
     * @return array<string, int>
     */
    private static function counted(array $answers): array
    {
        $kind = static fn (array $one): string => $one['code'] ?? (isset($one['token']) ? 'token' : 'accepted');
        return array_count_values(array_map($kind, $answers));
    }

    /**
     * Posts forms, many at once, and returns the answers in their order.
     *
     * @param list<array<string, string>> $forms
     * @return list<array<string, mixed>>
     */
    private function post(Site $site, array $forms): array
    {
        $all = curl_multi_init();
        curl_multi_setopt($all, CURLMOPT_MAX_TOTAL_CONNECTIONS, self::AT_ONCE);
        $handles = [];
        foreach ($forms as $form) {
            $handles[] = $handle = curl_init($site->url);
            curl_setopt_array($handle, [CURLOPT_POSTFIELDS => http_build_query($form), CURLOPT_RETURNTRANSFER => true, CURLOPT_PROXY => '']);
            curl_multi_add_handle($all, $handle);
        }
        do {
            curl_multi_exec($all, $running);
            curl_multi_select($all);
        } while ($running > 0);
        $answers = [];
        foreach ($handles as $handle) {
            $body = (string) curl_multi_getcontent($handle);
            self::assertSame(200, curl_getinfo($handle, CURLINFO_RESPONSE_CODE), $body . $site->log());
            $answers[] = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
            curl_multi_remove_handle($all, $handle);
        }
        return $answers;
    }

    /** @param array<array<string, mixed>> $answers */
    private function measured(string $what, array $answers, string $field = 'microseconds'): void
    {
        $times = array_column($answers, $field);
        sort($times);
        $median = $times[intdiv(count($times), 2)];
        $said = [$what, $median / 1_000, count($times), max($times) / 1_000];
        fprintf(STDERR, "php-fpm: %s: %.2f ms of the processor, median of %d; at most %.0f\n", ...$said);
        // Compiling or opening anew at each request takes far more.
        self::assertLessThan(20_000, $median);
    }
}
