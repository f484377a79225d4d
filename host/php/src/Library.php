<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

use FFI;
use FFI\CData;
use Psr\Log\LoggerInterface;

/**
 * The library for C in this process, by FFI.
 *
 * A process has one client, which its first request opens and which stays until the process ends. Every request must name the same
 * settings and the same store.
 */
final class Library implements Backend
{
    /** Servers whose process stays the same for all requests. In all others, workers come and go. */
    private const ONE_PROCESS = ['cli', 'cli-server', 'phpdbg'];

    private static ?FFI $loaded = null;

    /**
     * @param FFI $x2f The library, whose declarations may be more than this package's.
     * @param ?CData $client A client that outlives this object. Null: for questions that need none.
     * @internal
     */
    public function __construct(private readonly FFI $x2f, private readonly ?CData $client, private readonly ?Events $events = null)
    {
    }

    /**
     * Opens the client of this process, or returns it.
     *
     * @param string $store `sqlite:PATH`, a file for all processes of one machine; the URL of a Redis or Valkey server, `redis://` or
     *     `rediss://`; or `memory` for one process, which is refused where workers come and go.
     * @param ?LoggerInterface $logger Takes each operation that ended: its context is the event of `wit/SPEC.md`, in which nothing is personal. A
     *     warning is what operators should look at.
     * @throws Misuse for wrong settings, and where FFI or the library cannot be used.
     * @throws Upstream for a store that is unreachable or fails its self-test.
     */
    public static function open(Settings $settings, #[\SensitiveParameter] string $store, ?LoggerInterface $logger = null): self
    {
        if ($store === 'memory' && !self::isOneProcess()) {
            throw self::misuse('store: memory counts for one process, and here workers come and go; use sqlite:PATH or a URL of Redis');
        }
        if (str_contains($store, "\0")) {
            throw self::misuse('store: has a zero byte');
        }
        $x2f = self::loaded();
        $failure = $x2f->new('x2f_failure');
        $failure->size = FFI::sizeof($failure);
        $client = $x2f->x2f_shared($settings->reveal(), $store, FFI::addr($failure));
        $events = $logger === null ? null : new Events($logger);
        return $client === null ? throw self::failed($x2f, $failure) : new self($x2f, $client, $events);
    }

    /**
     * Reads an `x2f_failure`.
     *
     * @internal
     */
    public static function failed(FFI $x2f, CData $failure): TwoFactorException
    {
        $cause = FFI::string($failure->audit->cause);
        $told = new Failure(
            match ($failure->blame) {
                2 => Blame::Misuse,
                3 => Blame::Refuse,
                default => Blame::Upstream,
            },
            Code::tryFrom(FFI::string($failure->code)) ?? Code::Plugin,
            FFI::string($failure->detail),
            audit: $cause === '' ? null : new Audit(cause: $cause),
        );
        return $told->exception(new self($x2f, null));
    }

    /**
     * Loads the library without a client, for `Offline`.
     *
     * @throws Misuse where FFI or the library cannot be used.
     */
    public static function offline(): self
    {
        return new self(self::loaded(), null);
    }

    public function ask(#[\SensitiveParameter] array $question): array
    {
        $question = $this->events?->asked($question) ?? $question;
        // An empty array would be a list.
        $objects = array_map(static fn (array $arguments): object => (object) $arguments, $question);
        $answer = $this->x2f->x2f_call($this->client, Question::json($objects));
        if ($answer === null) {
            throw Answer::broken('the library has no memory', $this);
        }
        try {
            $read = json_decode(FFI::string($answer), true);
        } finally {
            $this->x2f->x2f_free($answer);
        }
        $this->events?->tell($read);
        return is_array($read) ? $read : throw Answer::broken('the library answered something else than an object', $this);
    }

    /** The settings in effect, defaults filled in, as JSON without secrets. Empty without a client. */
    public function effectiveSettings(): string
    {
        return $this->x2f->x2f_effective($this->client) ?? '';
    }

    /**
     * One sentence each on settings that are allowed but unwise.
     *
     * @return list<string>
     */
    public function warnings(): array
    {
        $warnings = [];
        while (($warning = $this->x2f->x2f_warning($this->client, count($warnings))) !== null) {
            $warnings[] = $warning;
        }
        return $warnings;
    }

    /** @return array<string, string> */
    public function __debugInfo(): array
    {
        return [];
    }

    public function __serialize(): never
    {
        throw new \LogicException('a client of the library cannot be serialized: open it in each process');
    }

    /** @param array<mixed> $data */
    public function __unserialize(array $data): never
    {
        throw new \LogicException('a client of the library cannot be unserialized: open it in each process');
    }

    private static function isOneProcess(): bool
    {
        return in_array(PHP_SAPI, self::ONE_PROCESS, true) && (PHP_SAPI !== 'cli-server' || getenv('PHP_CLI_SERVER_WORKERS') === false);
    }

    private static function loaded(): FFI
    {
        return self::$loaded ??= self::load();
    }

    private static function load(): FFI
    {
        if (!extension_loaded('ffi')) {
            throw self::misuse('ffi: this PHP has no extension ffi; install it, or enable it by extension=ffi');
        }
        try {
            return FFI::scope('XOXZO_2FA');
        } catch (FFI\Exception $fault) {
            if (str_contains($fault->getMessage(), 'restricted')) {
                throw self::misuse(self::restriction());
            }
        }
        // Not preloaded: on the command line, or with ffi.enable=1.
        try {
            return FFI::load(dirname(__DIR__) . '/xoxzo_2fa.h') ?? throw new FFI\Exception('no declarations');
        } catch (FFI\Exception $fault) {
            $told = $fault->getMessage();
            throw self::misuse("ffi: $told; install the library for C and run ldconfig, or set LD_LIBRARY_PATH");
        }
    }

    private static function restriction(): string
    {
        $preload = 'name its preload.php in opcache.preload and its xoxzo_2fa.h in ffi.preload, in php.ini';
        return match (true) {
            PHP_SAPI === 'cli-server' => 'ffi: this server restricts FFI; start it as php -d ffi.enable=true -S ADDRESS:PORT',
            strtolower((string) ini_get('ffi.enable')) === 'preload'
                => "ffi: ffi.enable=preload allows FFI only to what was preloaded, and this package was not; $preload",
            default => "ffi: ffi.enable forbids FFI; set it to preload, and $preload",
        };
    }

    private static function misuse(string $detail): TwoFactorException
    {
        return (new Failure(Blame::Misuse, Code::Settings, $detail))->exception();
    }
}
