<?php

/**
 * Loads the package once for all workers: for `opcache.preload`, beside `xoxzo_2fa.h` in `ffi.preload`. Only a preloaded class may call FFI, and of
 * these only `Library` does.
 */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/src/' . str_replace('\\', '/', substr($class, strlen('Xoxzo\TwoFactor\\'))) . '.php';
    if (str_starts_with($class, 'Xoxzo\TwoFactor\\') && is_file($file)) {
        require_once $file;
    }
});
array_map(static fn (string $file): mixed => require_once $file, glob(__DIR__ . '/src/*.php') ?: []);
