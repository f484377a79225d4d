<?php

declare(strict_types=1);

require __DIR__ . '/../vendor/autoload.php';

// The tests' own classes are no part of the package.
spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/' . substr($class, strlen('Xoxzo\TwoFactor\Tests\\')) . '.php';
    if (str_starts_with($class, 'Xoxzo\TwoFactor\Tests\\') && is_file($file)) {
        require $file;
    }
});

// Debian's own package of PSR-3.
require_once 'Psr/Log/autoload.php';

error_reporting(E_ALL);
// As in development: exceptions keep the arguments of calls.
ini_set('zend.exception_ignore_args', '0');
