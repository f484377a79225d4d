<?php

/** Starts and verifies for whom it is told, and says what became of it and how much time of the processor the request took. */

declare(strict_types=1);

use Xoxzo\TwoFactor\Binding;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Settings;
use Xoxzo\TwoFactor\TwoFactorException;

$used = static fn (): int => (static fn (array $usage): int => ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1_000_000
    + $usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec'])(getrusage());
$before = $used();

require __DIR__ . '/../../vendor/autoload.php';

$answer = [];
try {
    $logger = null;
    if (is_string($events = getenv('EVENTS') ?: null)) {
        require_once 'Psr/Log/autoload.php';
        $logger = new class ($events) extends Psr\Log\AbstractLogger {
            public function __construct(private readonly string $file)
            {
            }

            public function log($level, $message, array $context = []): void
            {
                file_put_contents($this->file, "$level $message " . json_encode($context, JSON_THROW_ON_ERROR) . "\n", FILE_APPEND | LOCK_EX);
            }
        };
    }
    $store = $_POST['store'] ?? (string) getenv('STORE');
    $client = Client::open(Settings::fromFile((string) getenv('SETTINGS')), $store, $logger);
    $answer['opened'] = $used() - $before;
    $user = new Binding($_POST['recipient'] ?? '', $_POST['subject'] ?? '');
    if (isset($_POST['token'])) {
        $answer['accepted'] = $client->verify($_POST['token'], $user, $_POST['pin'] ?? null)->subject;
    } else {
        $answer['token'] = $client->start($user)->token;
    }
} catch (TwoFactorException $exception) {
    $answer['code'] = $exception->failure()->code->value;
    $answer['detail'] = $exception->getMessage();
    $answer['guesses_left'] = $exception->failure()->guessesLeft;
}
header('Content-Type: application/json');
echo json_encode([...$answer, 'worker' => getmypid(), 'microseconds' => $used() - $before], JSON_THROW_ON_ERROR);
