<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;

/** The example of a login, as no browser would use it. `tests/python/logins.py` walks it with one. */
final class LoginTest extends TestCase
{
    private const PASSWORD = 'correct horse';

    private Site $site;

    private string $phone;

    /** The id of the session. */
    private string $session = '';

    protected function setUp(): void
    {
        $this->phone = World::sandbox()->user()->recipient;
        $ann = ['id' => 'user-1', 'phone' => $this->phone, 'hash' => password_hash(self::PASSWORD, PASSWORD_BCRYPT, ['cost' => 4])];
        $document = World::sandbox()->document(['sends' => ['cooldown_seconds' => 1]]);
        $this->site = Site::login('fpm', json_encode($document, JSON_THROW_ON_ERROR), ['ann' => $ann], '');
    }

    public function testASessionHasAnotherIdAtEachStep(): void
    {
        $page = $this->request('/');
        $ids = [$this->session];
        $page = $this->post('/password', $page, ['name' => 'ann', 'password' => self::PASSWORD]);
        $ids[] = $this->session;
        $page = $this->post('/code', $page, ['pin' => World::sandbox()->next($this->phone)->pin()]);
        self::assertStringContainsString('Signed in as user-1', $page);
        $ids[] = $this->session;
        self::assertStringContainsString('name="password"', $this->post('/logout', $page, []));
        $ids[] = $this->session;
        self::assertCount(4, array_unique($ids));
        foreach ([...$ids, 'chosen-by-a-stranger'] as $id) {
            $this->session = $id;
            self::assertStringContainsString('name="password"', $this->request('/'));
        }
        self::assertNotSame('chosen-by-a-stranger', $this->session);
    }

    public function testFormsOfOtherSitesDoNothing(): void
    {
        $right = ['name' => 'ann', 'password' => self::PASSWORD];
        foreach ([[], ['csrf' => ''], ['csrf' => str_repeat('0', 64)], ['csrf' => ['1']]] as $csrf) {
            $this->request('/');
            self::assertStringContainsString('name="password"', $this->request('/password', [...$right, ...$csrf]));
        }
        self::assertSame([], World::sandbox()->inbox($this->phone));
    }

    public function testOddFormsAreRefused(): void
    {
        foreach ([[], ['name' => ['ann'], 'password' => ['x']], ['name' => "ann\0", 'password' => "\xff"], ['name' => 'bob']] as $form) {
            self::assertStringContainsString('The name or the password is wrong.', $this->post('/password', $this->request('/'), $form));
        }
        $page = $this->post('/password', $this->request('/'), ['name' => 'ann', 'password' => self::PASSWORD]);
        $pin = World::sandbox()->next($this->phone)->pin();
        foreach ([null, ['1'], ['accepted' => '1'], "$pin\0", "\xff", str_repeat('1', 99_999)] as $typed) {
            $page = $this->post('/code', $page, ['pin' => $typed]);
            self::assertStringContainsString('This did not count as a try.', $page);
        }
        self::assertStringContainsString('Signed in as user-1', $this->post('/code', $page, ['pin' => " $pin "]));
        self::assertDoesNotMatchRegularExpression('/PHP (Fatal|Warning|Notice|Deprecated)/', $this->site->log());
    }

    public function testACodeIsSentOnceMore(): void
    {
        $page = $this->post('/password', $this->request('/'), ['name' => 'ann', 'password' => self::PASSWORD]);
        $first = World::sandbox()->next($this->phone);
        do {
            $page = $this->post('/resend', $page, []);
        } while (str_contains($page, 'This was requested a moment ago.'));
        self::assertSame($first->pin(), World::sandbox()->next($this->phone, after: $first->id)->pin());
        self::assertStringContainsString('Signed in as user-1', $this->post('/code', $page, ['pin' => $first->pin()]));
    }

    public function testNothingIsAskedForBeforeThePassword(): void
    {
        foreach (['/resend', '/code'] as $path) {
            self::assertStringContainsString('Sign in first.', $this->post($path, $this->request('/'), ['pin' => '123456']));
        }
    }

    /**
     * Sends a form that has the secret of a page, and returns the page that follows.
     *
     * @param array<string, mixed> $form
     */
    private function post(string $path, string $page, array $form): string
    {
        self::assertSame(1, preg_match('/name="csrf" value="([0-9a-f]{64})"/', $page, $found), $page);
        return $this->request($path, [...$form, 'csrf' => $found[1]]);
    }

    /** @param ?array<string, mixed> $form */
    private function request(string $path, ?array $form = null): string
    {
        $handle = curl_init($this->site->url . $path);
        $session = function ($handle, string $line): int {
            if (preg_match('/^Set-Cookie: PHPSESSID=([^;]+); path=\/; HttpOnly; SameSite=Strict/i', $line, $found) === 1) {
                $this->session = $found[1];
            }
            return strlen($line);
        };
        curl_setopt_array($handle, [
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_PROXY => '',
            CURLOPT_HEADERFUNCTION => $session,
            CURLOPT_COOKIE => "PHPSESSID=$this->session",
        ] + ($form === null ? [] : [CURLOPT_POSTFIELDS => http_build_query($form)]));
        $page = (string) curl_exec($handle);
        $status = curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
        self::assertContains($status, [200, 303, 403], $page . $this->site->log());
        return $status === 303 ? $this->request('/') : $page;
    }
}
