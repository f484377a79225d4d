<?php

declare(strict_types=1);

function passwordForm(string $csrf): string
{
    return form('/password', $csrf, <<<'HTML'
        <label>Name <input name="name" autocomplete="username" required autofocus></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
        <button>Next</button>
        HTML);
}

function codeForm(string $masked, string $csrf): string
{
    $masked = htmlspecialchars($masked);
    return form('/code', $csrf, <<<HTML
        <label>The code that we sent to $masked
          <input name="pin" inputmode="numeric" autocomplete="one-time-code" required autofocus></label>
        <button>Sign in</button>
        <button formaction="/resend" formnovalidate>Send it once more</button>
        <button formaction="/logout" formnovalidate>Cancel</button>
        HTML);
}

function signedIn(string $user, string $csrf): string
{
    return '<p id="signed-in">Signed in as ' . htmlspecialchars($user) . '</p>' . form('/logout', $csrf, '<button>Sign out</button>');
}

function form(string $action, string $csrf, string $fields): string
{
    return "<form method=\"post\" action=\"$action\"><input type=\"hidden\" name=\"csrf\" value=\"$csrf\">$fields</form>";
}

function page(?string $problem, string $body): void
{
    $title = $problem === null ? 'Example Shop' : 'Error: Example Shop';
    $alert = $problem === null ? '' : '<p role="alert">' . htmlspecialchars($problem) . '</p>';
    header('Content-Type: text/html; charset=utf-8');
    echo <<<HTML
        <!doctype html>
        <html lang="en">
        <meta name="viewport" content="width=device-width">
        <title>$title</title>
        <style>
        body { font: 1em/1.5 sans-serif; max-width: 24em; margin: 3em auto }
        input, button { display: block; font: inherit; margin: .5em 0 }
        </style>
        <h1>Example Shop</h1>
        $alert
        $body
        </html>

        HTML;
}
