<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

use PHPUnit\Framework\TestCase;
use Xoxzo\TwoFactor\Backend;
use Xoxzo\TwoFactor\Channel;
use Xoxzo\TwoFactor\Client;
use Xoxzo\TwoFactor\Code;
use Xoxzo\TwoFactor\Delivery;
use Xoxzo\TwoFactor\Expected;
use Xoxzo\TwoFactor\Misuse;
use Xoxzo\TwoFactor\Offer;
use Xoxzo\TwoFactor\Offline;
use Xoxzo\TwoFactor\Operator;
use Xoxzo\TwoFactor\Refuse;
use Xoxzo\TwoFactor\Sending;
use Xoxzo\TwoFactor\StepUp;
use Xoxzo\TwoFactor\Transaction;
use Xoxzo\TwoFactor\Upstream;

/** Everything that a client does, over the library. `RemoteTest` repeats it over a server. */
class ClientTest extends TestCase
{
    /** Answers to users have audits. */
    protected const AUDITED = true;

    protected static function client(): Client
    {
        return World::client();
    }

    /** What an `Operator` and the functions for operators are asked over. */
    protected static function operators(): Backend
    {
        return World::library();
    }

    public function testALoginIsAcceptedOnce(): void
    {
        [$client, $sandbox] = [static::client(), World::sandbox()];
        $user = $sandbox->user();
        $challenge = $client->start($user, new Sending(locale: 'ja'));
        self::assertSame(Delivery::Accepted, $challenge->delivery);
        self::assertSame(80, strlen($challenge->token));
        self::assertSame(300, $challenge->expiresIn);
        $message = $sandbox->next($user->recipient);
        self::assertSame('sms', $message->channel);

        $refusal = World::failing(fn () => $client->verify($challenge->token, $user, World::wrong($message->pin())));
        self::assertInstanceOf(Refuse::class, $refusal);
        self::assertSame([Code::WrongPin, 4], [$refusal->failure()->code, $refusal->failure()->guessesLeft]);
        self::assertContains(Offer::TryAgain, $refusal->explain('en')->offers);

        $acceptance = $client->verify($challenge->token, $user, $message->pin());
        self::assertSame($user->subject, $acceptance->subject);
        self::assertSame($challenge->audit->challengeId, $acceptance->audit->challengeId);
        self::assertSame(static::AUDITED, $challenge->audit->challengeId !== null);

        $again = World::failing(fn () => $client->verify($challenge->token, $user, $message->pin()));
        self::assertSame(Code::Used, $again->failure()->code);
    }

    public function testATokenIsForItsUserOnly(): void
    {
        [$client, $sandbox] = [static::client(), World::sandbox()];
        [$user, $other] = [$sandbox->user(), $sandbox->user()];
        $challenge = $client->start($user);
        $pin = $sandbox->next($user->recipient)->pin();
        $refusal = World::failing(fn () => $client->verify($challenge->token, $other, $pin));
        self::assertSame(Code::InvalidToken, $refusal->failure()->code);
        self::assertSame($user->subject, $client->verify($challenge->token, $user, $pin)->subject);
    }

    public function testAResendRepeatsTheCode(): void
    {
        [$client, $sandbox] = [static::client(), World::sandbox()];
        $user = $sandbox->user();
        $challenge = $client->start($user);
        $first = $sandbox->next($user->recipient);
        $early = World::failing(fn () => $client->resend($challenge->token, $user));
        self::assertSame([Code::Cooldown, 1], [$early->failure()->code, $early->failure()->retryAfter]);
        do {
            try {
                $resent = $client->resend($challenge->token, $user);
            } catch (Refuse $refusal) {
                self::assertSame(Code::Cooldown, $refusal->failure()->code);
                usleep(50_000);
            }
        } while (!isset($resent));
        self::assertSame($challenge->token, $resent->token);
        self::assertSame($first->pin(), $sandbox->next($user->recipient, after: $first->id)->pin());
        $call = World::failing(fn () => $client->resend($challenge->token, $user, new Sending(Channel::Voice)));
        self::assertSame(Code::NotAllowed, $call->failure()->code);
    }

    public function testTheDeliveryStateIsQueried(): void
    {
        [$client, $sandbox] = [static::client(), World::sandbox()];
        $handle = $client->start($sandbox->user())->handle;
        self::assertNotNull($handle);
        self::assertSame(Delivery::Delivered, $client->status($handle)->delivery);
        self::assertSame(Code::Cooldown, World::failing(fn () => $client->status($handle))->failure()->code);
    }

    public function testAFaultOfXoxzoIsUpstreamAndALostReplyIsNone(): void
    {
        [$client, $sandbox] = [static::client(), World::sandbox()];
        $user = $sandbox->user();
        $sandbox->fault('forbidden', $user->recipient);
        $failure = World::failing(fn () => $client->start($user));
        self::assertInstanceOf(Upstream::class, $failure);
        self::assertSame(Code::Provider, $failure->failure()->code);

        $sandbox->fault('lost-reply', $user->recipient);
        $challenge = $client->start($user);
        self::assertSame([Delivery::Unknown, null], [$challenge->delivery, $challenge->handle]);
        self::assertSame(static::AUDITED, $challenge->audit->cause !== null);
        $acceptance = $client->verify($challenge->token, $user, $sandbox->next($user->recipient)->pin());
        self::assertSame($user->subject, $acceptance->subject);
    }

    public function testADecoySendsNothing(): void
    {
        [$client, $sandbox] = [static::client(), World::sandbox()];
        $user = $sandbox->user();
        self::assertSame(static::AUDITED, $client->start($user, new Sending(decoy: true))->audit->decoy);
        self::assertSame([], $sandbox->inbox($user->recipient));
    }

    public function testMessagesArePreviewed(): void
    {
        $previews = (new Client(static::operators()))->preview();
        self::assertSame(10, count($previews));
        foreach ($previews as $preview) {
            self::assertStringContainsString('123456', $preview->text, $preview->locale);
        }
    }

    public function testAnOperatorShowsAndLiftsLimits(): void
    {
        [$client, $sandbox, $operator] = [static::client(), World::sandbox(), new Operator(static::operators(), 'ann')];
        $user = $sandbox->user();
        $refusal = World::failing(fn () => $operator->unlock($user->subject, $user->recipient));
        self::assertSame(Code::NothingLocked, $refusal->failure()->code);
        $challenge = $client->start($user);
        World::failing(fn () => $client->verify($challenge->token, $user, World::wrong($sandbox->next($user->recipient)->pin())));
        $limits = $operator->limits($user->subject, $user->recipient);
        $totals = array_column($limits->limits, 'total', 'setting');
        self::assertSame([1, 1], [$totals['failures.soft'], $totals['sends.per_number']]);
        $unlocked = $operator->unlock($user->subject, $user->recipient);
        self::assertSame([1, 1], [$unlocked->failures, $unlocked->messages]);
        self::assertSame(22, strlen($operator->trail($user->subject, $user->recipient)->subject));
        self::assertGreaterThan(0, $operator->credits()->credits);
    }

    public function testAReceiptIsCheckedElsewhere(): void
    {
        [$client, $sandbox, $offline] = [static::client(), World::sandbox(), Offline::open()];
        $user = $sandbox->user();
        $challenge = $client->start($user);
        $receipt = $client->verify($challenge->token, $user, $sandbox->next($user->recipient)->pin())->receipt;
        $document = $sandbox->document();
        $key = $offline->receiptKey($document['keys'][0], 'test', test: true);
        $claims = $offline->checkReceipt([$key], $receipt, new Expected($user->subject));
        self::assertSame(['test', 'login', true], [$claims->audience, $claims->purpose, $claims->test]);
        $refusal = World::failing(fn () => $offline->checkReceipt([$key], $receipt, new Expected('somebody-else')));
        self::assertSame(Code::InvalidToken, $refusal->failure()->code);
        $info = $offline->inspect($challenge->token);
        self::assertSame([6, 300], [$info->digits, $info->expiresAt - $info->issuedAt]);
    }

    public function testAStepUpRequestIsSigned(): void
    {
        $offline = Offline::open();
        $key = $offline->requestKey($offline->keygen(), 'test');
        $stepUp = new StepUp('user-1', new Transaction('12.50', 'EUR', 'Example Shop'));
        self::assertNotSame('', $offline->signRequest($key, $stepUp));
    }

    public function testAClientIsReady(): void
    {
        static::client()->ready();
        self::assertTrue(true, 'it throws where it is not');
    }

    public function testAnIndexFindsANumber(): void
    {
        $client = new Client(static::operators());
        self::assertSame($client->numberIndex('+819012345678'), $client->numberIndex('+819012345678'));
        self::assertNotSame($client->numberIndex('+819012345678'), $client->numberIndex('+819012345679'));
        self::assertInstanceOf(Misuse::class, World::failing(fn () => $client->numberIndex('090-1234-5678')));
    }
}
