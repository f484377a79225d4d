<?php

/** The client of the package, over the library behind `../c/xoxzo.c`: `engine.php FOLDER`, where the compiled `libxoxzo.so` is. */

declare(strict_types=1);

use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Library;
use Xoxzo\TwoFactor\Refuse;

require __DIR__ . '/measure.php';
spl_autoload_register(static function (string $class): void {
    require __DIR__ . '/../../../host/php/src/' . str_replace('\\', '/', substr($class, strlen('Xoxzo\TwoFactor\\'))) . '.php';
});

final class Engine implements Login
{
    private readonly Client $client;

    public function __construct(private readonly FFI $x2f, string $settings)
    {
        $failure = $x2f->new('x2f_failure');
        $failure->size = FFI::sizeof($failure);
        $client = $x2f->x2f_shared($settings, 'memory', FFI::addr($failure));
        $this->client = new Client($client === null ? throw Library::failed($x2f, $failure) : new Library($x2f, $client));
    }

    public function locks(): bool
    {
        return true;
    }

    public function altered(): string
    {
        return 'invalid-token';
    }

    public function user(int $number, bool $other): Binding
    {
        return new Binding(sprintf('+81%d%08d', $other ? 80 : 90, $number), "user-$number");
    }

    public function start(mixed $user): string
    {
        try {
            return $this->client->start($user)->token;
        } catch (Refuse $refusal) {
            return $refusal->failure()->code->value;
        }
    }

    public function verify(string $token, mixed $user, string $pin): string
    {
        try {
            $this->client->verify($token, $user, $pin);
        } catch (Refuse $refusal) {
            return $refusal->failure()->code->value;
        }
        return '';
    }

    public function sent(): array
    {
        $codes = $this->x2f->bench_sent();
        return $codes === '' ? [] : str_split($codes, 6);
    }

    public function setBack(int $seconds): void
    {
        $this->x2f->bench_set_back($seconds);
    }
}

$header = preg_replace('/^#.*$/m', '', (string) file_get_contents(__DIR__ . '/../../../host/php/xoxzo_2fa.h'));
$hooks = 'void bench_set_back(int64_t seconds); const char *bench_sent(void);';
Measure::answer(new Engine(FFI::cdef("$header $hooks", "$argv[1]/libxoxzo.so"), (string) fgets(STDIN)));
