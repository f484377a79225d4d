<?php

/**
 * Serves the example of a login as `tests/python/logins.py` says: `php login.php fpm SETTINGS STORE` behind nginx, or `built-in` by PHP's own server.
 *
 * php-fpm has a store of its own, where its workers may write.
 */

declare(strict_types=1);

use Xoxzo\TwoFactor\Tests\Site;

require __DIR__ . '/bootstrap.php';

[, $server, $settings, $store] = $argv;
$ann = ['id' => 'user-1', 'phone' => getenv('DEMO_NUMBER'), 'hash' => password_hash((string) getenv('DEMO_PASSWORD'), PASSWORD_BCRYPT)];
$site = Site::login($server, (string) file_get_contents($settings), ['ann' => $ann], $store);
// Ending at a signal, PHP destroys the site, which stops its servers.
pcntl_async_signals(true);
array_map(static fn (int $signal): bool => pcntl_signal($signal, static fn (): never => exit), [SIGTERM, SIGINT]);
echo $site->url, "\n";
while (true) {
    sleep(60);
}
