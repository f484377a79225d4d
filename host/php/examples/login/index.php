<?php

/**
 * A login with a password and a code, in plain PHP: the page that answers everything.
 *
 * Its environment has SETTINGS, the path of the settings; STORE, the counters, such as `sqlite:/srv/shop/guard/counters`; USERS, the path of a
 * file that returns the users, as `<?php return ['ann' => ['id' => 'user-1', 'phone' => '+819012345678', 'hash' => '$2y$...']];`; and
 * AUTOLOAD, if Composer's file is elsewhere. Slowing down guesses of passwords is left to the site.
 */

declare(strict_types=1);

use Xoxzo\TwoFactor\Offer;
use Xoxzo\TwoFactor\Refuse;
use Xoxzo\TwoFactor\TwoFactorException;

require getenv('AUTOLOAD') ?: __DIR__ . '/../../vendor/autoload.php';
require __DIR__ . '/login.php';
require __DIR__ . '/pages.php';

session_start([
    'use_strict_mode' => true,
    'cookie_httponly' => true,
    'cookie_samesite' => 'Strict',
    'cookie_secure' => ($_SERVER['HTTPS'] ?? '') !== '',
]);
header('Cache-Control: no-store');
header("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'");

$login = new Login((string) getenv('SETTINGS'), (string) getenv('STORE'), (string) getenv('USERS'));
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    show($login);
    exit;
}
// A secret of the session, which other sites do not know. A form without it does nothing.
if (!is_string($_POST['csrf'] ?? null) || !hash_equals(csrf(), $_POST['csrf'])) {
    header('Location: /', response_code: 303);
    exit;
}
try {
    match (parse_url((string) $_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
        '/password' => $login->password($_POST['name'] ?? null, $_POST['password'] ?? null),
        '/resend' => $login->resend(),
        '/code' => $login->verify($_POST['pin'] ?? null),
        default => $login->logout(),
    };
    // Reloading the next page repeats nothing.
    header('Location: /', response_code: 303);
} catch (DomainException $wrong) {
    show($login, $wrong->getMessage(), 403);
} catch (TwoFactorException $failure) {
    $failure instanceof Refuse || error_log('two-factor: ' . $failure->getMessage());
    $told = $failure->explain('en');
    if (in_array(Offer::StartAgain, $told->offers, true)) {
        $login->logout();
    }
    show($login, $told->text, $failure instanceof Refuse ? 403 : 503);
}

function csrf(): string
{
    return $_SESSION['csrf'] ??= bin2hex(random_bytes(32));
}

function show(Login $login, ?string $problem = null, int $status = 200): void
{
    http_response_code($status);
    page($problem, match (true) {
        $login->user() !== null => signedIn($login->user(), csrf()),
        $login->masked() !== null => codeForm($login->masked(), csrf()),
        default => passwordForm(csrf()),
    });
}
