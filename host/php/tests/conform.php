<?php

/**
 * Answers the questions of `tests/python/hosts.py` through this package: `php conform.php`, with the library for C on LD_LIBRARY_PATH.
 *
 * Clock, guard and transport are functions of this program, which the library calls. Only tests can do that: a client of `Library::open` has
 * its own.
 */

declare(strict_types=1);

use Psr\Log\AbstractLogger;
use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Blame;
use Xoxzo\TwoFactor\Channel;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Code;
use Xoxzo\TwoFactor\Events;
use Xoxzo\TwoFactor\Expected;
use Xoxzo\TwoFactor\Failure;
use Xoxzo\TwoFactor\Library;
use Xoxzo\TwoFactor\Offline;
use Xoxzo\TwoFactor\Operator;
use Xoxzo\TwoFactor\Sending;
use Xoxzo\TwoFactor\Transaction;
use Xoxzo\TwoFactor\TwoFactorException;

require __DIR__ . '/../vendor/autoload.php';
// Debian's own package of PSR-3.
require_once 'Psr/Log/autoload.php';

/** A logger that keeps events. */
final class Listener extends AbstractLogger
{
    /** @var list<array<mixed>> */
    public array $events = [];

    public function log($level, $message, array $context = []): void
    {
        $this->events[] = $context;
    }
}

/** A clock, a Xoxzo and a guard that answer the client as they are told. */
final class World
{
    private const TAKEN = ['status' => 201, 'body' => '[{"msgid":"m1"}]'];

    public float $now = 0.0;
    public int $ahead = 0;
    /** @var array<string, mixed> */
    public array $xoxzo = self::TAKEN;
    /** @var 'memory'|array<string, string> */
    public string|array $guard = 'memory';
    /** @var list<array<string, mixed>> */
    public array $requests = [];
    public readonly Listener $listener;
    public ?FFI\CData $store = null;
    public ?FFI\CData $client = null;
    /** The parts of options that functions stand in, and the timer of the store. A client needs them as long as it is open. */
    private readonly FFI\CData $options;
    private readonly FFI\CData $timer;

    public function __construct(public readonly FFI $x2f)
    {
        $this->listener = new Listener();
        $this->timer = $x2f->new('x2f_timer');
        $this->timer->nanoseconds = fn (): int => (int) (max(0.0, $this->now) * 1e9);
        $this->options = $x2f->new('x2f_options');
        $this->options->guard->add = $this->add(...);
        $this->options->transport->send = $this->send(...);
        $this->options->clock->seconds = fn (): int => (int) floor($this->now) + $this->ahead;
    }

    /** @param ?array{redis?: string} $own The library's own clock, transport and store. */
    public function open(string $document, float $now, ?array $own): Library
    {
        $this->x2f->x2f_close($this->client);
        $this->x2f->x2f_store_close($this->store);
        [$this->client, $this->now, $this->ahead, $this->xoxzo, $this->guard] = [null, $now, 0, self::TAKEN, 'memory'];
        $failure = $this->x2f->new('x2f_failure');
        $failure->size = FFI::sizeof($failure);
        if ($own === null) {
            $this->store = $this->x2f->x2f_store_memory(0, FFI::addr($this->timer), FFI::addr($failure));
            $options = clone $this->options;
            $tree = json_decode($document, true);
            $shared = is_array($tree) && is_array($tree['guard'] ?? null) && ($tree['guard']['scope'] ?? null) === 'shared';
            $options->guard->scope = $shared ? 1 : 0;
        } else {
            $this->store = $this->x2f->x2f_store_open($own['redis'] ?? 'memory', FFI::addr($failure));
            $options = $this->x2f->new('x2f_options');
            $options->store = $this->store;
        }
        $text = $this->x2f->new('char[' . (strlen($document) + 1) . ']');
        FFI::memcpy($text, $document, strlen($document));
        $options->size = FFI::sizeof($options);
        $options->settings = FFI::addr($text[0]);
        if ($this->store !== null) {
            $this->client = $this->x2f->x2f_open(FFI::addr($options), FFI::addr($failure));
        }
        return $this->client === null
            ? throw Library::failed($this->x2f, $failure)
            : new Library($this->x2f, $this->client, new Events($this->listener));
    }

    /**
     * Makes charges in the store, without the client.
     *
     * @param list<array<string, int|string>> $list
     * @return array{totals: list<array<string, int>>, now_seconds: ?int}
     */
    public function count(array $list): array
    {
        // Room for one more, as there is no array of none.
        $charges = $this->x2f->new('x2f_charge[' . (count($list) + 1) . ']');
        $names = [];
        foreach ($list as $at => $each) {
            foreach (['counter', 'group'] as $field) {
                $names[] = $name = $this->x2f->new('char[23]');
                FFI::memcpy($name, str_pad(substr((string) $each[$field], 0, 21), 22, 'A'), 22);
                $charges[$at]->$field = FFI::addr($name[0]);
            }
            foreach (['amount', 'limit', 'ttl_seconds'] as $field) {
                $charges[$at]->$field = (int) $each[$field];
            }
        }
        $room = $this->x2f->new('x2f_total[' . (count($list) + 1) . ']');
        $totals = $this->x2f->new('x2f_totals');
        $totals->totals = FFI::addr($room[0]);
        $totals->now_seconds = -1;
        $this->add(null, FFI::addr($charges[0]), count($list), FFI::addr($totals));
        $made = [];
        for ($at = 0; $at < $totals->count; $at++) {
            $made[] = ['total' => $room[$at]->total, 'ends_in_seconds' => $room[$at]->ends_in_seconds];
        }
        return ['totals' => $made, 'now_seconds' => $totals->now_seconds < 0 ? null : $totals->now_seconds];
    }

    private function add(mixed $context, FFI\CData $charges, int $count, FFI\CData $totals): int
    {
        if ($this->guard === 'memory') {
            return $this->x2f->x2f_store_add($this->store, $charges, $count, $totals);
        }
        self::put($totals->cause, $this->guard['cause'] ?? '');
        return $this->guard['no_answer'] === 'guard-full' ? 4 : 3;
    }

    private function send(mixed $context, FFI\CData $request, FFI\CData $response): int
    {
        $headers = [];
        for ($at = 0; $at < $request->header_count; $at++) {
            $headers[$request->headers[$at]->name] = $request->headers[$at]->value;
        }
        $this->requests[] = [
            'method' => $request->method,
            'url' => $request->url,
            'headers' => (object) $headers,
            'body' => $request->body_length === 0 ? '' : $request->body,
            'timeout_milliseconds' => $request->timeout_milliseconds,
        ];
        if (isset($this->xoxzo['no_answer'])) {
            self::put($response->cause, $this->xoxzo['cause'] ?? '');
            return $this->xoxzo['no_answer'] === 'not-sent' ? 1 : 2;
        }
        $body = substr($this->xoxzo['body'], 0, FFI::sizeof($response->body));
        $response->status = $this->xoxzo['status'];
        $response->body_length = strlen($body);
        FFI::memcpy($response->body, $body, strlen($body));
        self::put($response->retry_after, $this->xoxzo['retry_after'] ?? '');
        return 0;
    }

    private static function put(FFI\CData $room, string $text): void
    {
        $text = substr($text, 0, FFI::sizeof($room) - 1) . "\0";
        FFI::memcpy($room, $text, strlen($text));
    }
}

/** One client at a time, and its answers with the names of the contract. */
final class Adaptor
{
    private const TIMES = ['expiresIn', 'resendAfter', 'retryAfter', 'issuedAt', 'expiresAt', 'endsIn'];

    private Library $library;

    public function __construct(private readonly World $world)
    {
        $this->library = new Library($world->x2f, null);
    }

    /**
     * @param array<string, mixed> $question
     * @return array<string, mixed>
     */
    public function answer(array $question): array
    {
        $this->world->requests = [];
        $this->world->listener->events = [];
        try {
            $answer = $this->act((string) key($question), reset($question));
        } catch (TwoFactorException $exception) {
            $answer = ['failure' => self::named($exception->failure())];
        }
        return [...$answer, 'requests' => $this->world->requests, 'events' => $this->world->listener->events];
    }

    /** @return array<string, mixed> */
    private function act(string $kind, mixed $given): array
    {
        if (in_array($kind, ['now', 'ahead', 'xoxzo', 'guard'], true)) {
            $this->world->$kind = $given;
            return ['done' => (object) []];
        }
        $client = new Client($this->library);
        $operator = new Operator($this->library, 'ann');
        $offline = new Offline($this->library);
        return match ($kind) {
            'open' => $this->open($given),
            'add' => ['counted' => $this->world->count($given['charges'])],
            'start' => ['challenged' => self::named($client->start(self::binding($given), self::sending($given)))],
            'resend' => ['challenged' => self::named($client->resend($given['token'], self::binding($given), self::sending($given)))],
            'verify' => ['accepted' => self::named(
                $client->verify($given['token'], self::binding($given), $given['pin'], $given['client'] ?? null),
            )],
            'status' => ['reported' => self::named($client->status($given['handle']))],
            'ready' => ['ready' => (object) $client->ready()],
            'index_of' => ['number_index' => ['index' => $client->numberIndex($given['recipient'])]],
            'unlock' => ['unlocked' => self::named($operator->unlock($given['subject'], $given['recipient']))],
            'limits' => ['limits' => self::named($operator->limits($given['subject'], $given['recipient'], $given['client'] ?? null))],
            'credits' => ['credits' => self::named($operator->credits())],
            'inspect' => ['token_info' => self::named($offline->inspect($given['token']))],
            'check_receipt' => ['claims' => self::named(
                $offline->checkReceipt($given['receipt_keys'], $given['receipt'], self::expected($given['expected'])),
            )],
            'explain' => $this->explain($given),
        };
    }

    /**
     * @param array<string, mixed> $given
     * @return array<string, mixed>
     */
    private function open(array $given): array
    {
        $this->library = new Library($this->world->x2f, null);
        $document = is_string($given['document']) ? $given['document'] : json_encode($given['document'], JSON_THROW_ON_ERROR);
        $this->library = $this->world->open($document, (float) $given['now'], $given['own'] ?? null);
        return ['prepared' => ['effective' => $this->library->effectiveSettings(), 'warnings' => $this->library->warnings()]];
    }

    /**
     * @param array<string, mixed> $given
     * @return array<string, mixed>
     */
    private function explain(array $given): array
    {
        $code = Code::tryFrom($given['code']);
        if ($code === null) {
            // No exception of this package has another code, but a backend can be asked for one.
            return $this->library->ask(['explain' => $given]);
        }
        $failure = new Failure(Blame::Refuse, $code, '', $given['guesses_left'] ?? null, $given['retry_after_seconds'] ?? null);
        return ['explanation' => self::named($failure->exception($this->library)->explain($given['locale']))];
    }

    /** @param array<string, mixed> $given */
    private static function binding(array $given): Binding
    {
        return new Binding(...[...$given['binding'], 'transaction' => self::transaction($given['binding'])]);
    }

    /** @param array<string, mixed> $given */
    private static function expected(array $given): Expected
    {
        return new Expected(...[...$given, 'transaction' => self::transaction($given)]);
    }

    /** @param array<string, mixed> $given */
    private static function transaction(array $given): ?Transaction
    {
        return isset($given['transaction']) ? new Transaction(...$given['transaction']) : null;
    }

    /** @param array<string, mixed> $given */
    private static function sending(array $given): Sending
    {
        $sending = $given['sending'] ?? [];
        return new Sending(...[...$sending, 'channel' => Channel::from($sending['channel'] ?? 'sms')]);
    }

    /** @return array<string, mixed> */
    private static function named(object $record): array
    {
        $fields = [];
        foreach (get_object_vars($record) as $name => $value) {
            $snake = strtolower((string) preg_replace('/[A-Z]/', '_$0', $name)) . (in_array($name, self::TIMES, true) ? '_seconds' : '');
            if ($value !== null) {
                $fields[$snake] = self::plain($value);
            }
        }
        return $fields;
    }

    private static function plain(mixed $value): mixed
    {
        return match (true) {
            $value instanceof BackedEnum => $value->value,
            is_object($value) => (object) self::named($value),
            is_array($value) => array_map(self::plain(...), $value),
            default => $value,
        };
    }
}

$adaptor = new Adaptor(new World(FFI::cdef((string) file_get_contents(__DIR__ . '/../../c/xoxzo_2fa_ffi.h'), 'libxoxzo_2fa.so.0.1')));
while (($line = fgets(STDIN)) !== false) {
    $answer = $adaptor->answer(json_decode($line, true, flags: JSON_THROW_ON_ERROR));
    echo json_encode($answer, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES), "\n";
}
