<?php

/**
 * Measures what compiling ahead makes warm, each against its aim: `warm.php COMMAND-LINE REDIS`, a release build beside the installed
 * library, and the URL of a server.
 *
 * - opening a client: by the clock, in a process of its own each time
 * - the command line: a whole process that verifies a right code, by the clock
 * - php-fpm: a start and a verify in four workers, by the processor, after each worker's first request, with the counters in SQLite and in Redis
 */

declare(strict_types=1);

use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Testing\Sandbox;
use Xoxzo\TwoFactor\Tests\Site;

require __DIR__ . '/../../../host/php/tests/bootstrap.php';

final class Warm
{
    private const PROCESSES = 21;
    private const LOGINS = 400;

    private int $missed = 0;

    private readonly Sandbox $sandbox;

    private readonly Site $site;

    public function __construct(private readonly string $cli, private readonly string $redis)
    {
        $this->sandbox = Sandbox::start([$cli, 'sandbox'], ['--credits', '100000', '--pace', '0']);
        $this->site = $this->site('sqlite:{folder}/guard/counters');
    }

    private function site(string $store): Site
    {
        $environment = ['SETTINGS' => '{folder}/settings.json', 'STORE' => $store];
        $site = new Site(dirname(__DIR__, 3) . '/host/php/tests/pages', Site::preloaded(), $environment);
        $cap = ['count' => 1_000_000];
        $settings = $this->sandbox->document(['sends' => ['per_audience' => $cap], 'failures' => ['per_audience' => $cap]]);
        file_put_contents("$site->folder/settings.json", json_encode($settings, JSON_THROW_ON_ERROR));
        return $site;
    }

    public function run(): void
    {
        $this->tell('opening a client', $this->opened(), 10);
        $this->tell('verify by the command line', $this->commanded(), 40);
        $this->tell('start + verify in php-fpm with SQLite', $this->requested($this->site, 'SQLite'), 1);
        $this->tell('start + verify in php-fpm with Redis', $this->requested($this->site($this->redis), 'Redis'), 1);
        printf("%d passed, %d failed\n", 4 - $this->missed, $this->missed);
        exit($this->missed > 0 ? 1 : 0);
    }

    private function opened(): float
    {
        $code = <<<'PHP'
            [, $autoload, $settings] = $argv;
            require $autoload;
            $settings = Xoxzo\TwoFactor\Settings::fromFile($settings);
            Xoxzo\TwoFactor\Library::offline();
            $used = static fn (array $of): int => 1_000_000 * ($of['ru_utime.tv_sec'] + $of['ru_stime.tv_sec'])
                + $of['ru_utime.tv_usec'] + $of['ru_stime.tv_usec'];
            [$began, $cpu] = [hrtime(true), $used(getrusage())];
            Xoxzo\TwoFactor\Library::open($settings, 'memory');
            echo hrtime(true) - $began, ' ', ($used(getrusage()) - $cpu) * 1_000;
            PHP;
        $autoload = dirname(__DIR__, 3) . '/host/php/vendor/autoload.php';
        $open = fn (): string => self::output([PHP_BINARY, '-r', $code, $autoload, "{$this->site->folder}/settings.json"]);
        $times = array_map(static fn (): array => array_map(intval(...), explode(' ', $open())), range(0, self::PROCESSES));
        fprintf(STDERR, "warm: opening: %.2f ms of the processor\n", self::median(array_column($times, 1)));
        return self::median(array_column($times, 0));
    }

    private function commanded(): float
    {
        $times = [];
        foreach (range(0, self::PROCESSES) as $_) {
            $user = $this->sandbox->user();
            $options = ['--to', $user->recipient, '--subject', $user->subject, '--settings', "{$this->site->folder}/settings.json"];
            $options = [...$options, '--guard', "{$this->site->folder}/command-line"];
            $token = trim(self::output([$this->cli, 'start', ...$options]));
            $pin = $this->sandbox->next($user->recipient)->pin();
            $began = hrtime(true);
            $told = self::output([$this->cli, 'verify', '--token', $token, ...$options], "$pin\n");
            $times[] = hrtime(true) - $began;
            $told === "accepted\n" || throw new RuntimeException("the command line said $told");
        }
        return self::median($times);
    }

    private function requested(Site $site, string $store): float
    {
        $times = ['token' => [], 'accepted' => []];
        foreach (range(1, self::LOGINS) as $_) {
            $user = $this->sandbox->user();
            $token = $this->posted($site, $user, [], 'token', $times);
            $pin = $this->sandbox->next($user->recipient)->pin();
            $this->posted($site, $user, ['token' => $token, 'pin' => $pin], 'accepted', $times);
        }
        [$start, $verify] = array_map(self::median(...), array_values($times));
        fprintf(STDERR, "warm: php-fpm with %s: start %.2f ms, verify %.2f ms\n", $store, $start, $verify);
        return $start + $verify;
    }

    /**
     * @param array<string, string> $fields
     * @param array<string, list<int>> $times Nanoseconds, without those of a worker that opened its client.
     */
    private function posted(Site $site, Binding $user, array $fields, string $wanted, array &$times): string
    {
        /** @var array<int, true> */
        static $workers = [];
        $curl = curl_init($site->url);
        $form = ['recipient' => $user->recipient, 'subject' => $user->subject, ...$fields];
        curl_setopt_array($curl, [CURLOPT_POSTFIELDS => http_build_query($form), CURLOPT_RETURNTRANSFER => true, CURLOPT_PROXY => '']);
        $body = (string) curl_exec($curl);
        $answer = json_decode($body, true);
        isset($answer[$wanted]) || throw new RuntimeException($body . $site->log());
        if (isset($workers[$answer['worker']])) {
            $times[$wanted][] = $answer['microseconds'] * 1_000;
        }
        $workers[$answer['worker']] = true;
        return $answer[$wanted];
    }

    private function tell(string $what, float $milliseconds, float $aim): void
    {
        $missed = $milliseconds > $aim;
        $this->missed += (int) $missed;
        printf("warm: %s: %.2f ms, aim %g ms%s\n", $what, $milliseconds, $aim, $missed ? ': MISSED' : '');
    }

    /**
     * @param list<int> $nanoseconds
     * @return float Milliseconds.
     */
    private static function median(array $nanoseconds): float
    {
        sort($nanoseconds);
        return $nanoseconds[intdiv(count($nanoseconds), 2)] / 1e6;
    }

    /** @param list<string> $command */
    private static function output(array $command, string $input = ''): string
    {
        $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], ['file', '/dev/null', 'w']], $pipes);
        $process !== false || throw new RuntimeException("$command[0] did not start");
        fwrite($pipes[0], $input);
        fclose($pipes[0]);
        $output = (string) stream_get_contents($pipes[1]);
        proc_close($process) === 0 || throw new RuntimeException("$command[0] failed: $output");
        return $output;
    }
}

(new Warm($argv[1], $argv[2]))->run();
