<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Functions that need neither settings nor a store. */
final class Offline
{
    public function __construct(private readonly Backend $backend)
    {
    }

    /**
     * Uses the library for C.
     *
     * @throws Misuse where FFI or the library cannot be used.
     */
    public static function open(): self
    {
        return new self(Library::offline());
    }

    /** Makes a key for `keys` or `guard.key` in the settings. It is a secret: write it where secrets are kept. */
    public function keygen(): string
    {
        return Answer::to($this->backend, 'keygen', [], 'written_key')->text('key');
    }

    /** Derives the key with which another service checks receipts of this audience. */
    public function receiptKey(#[\SensitiveParameter] string $rootKey, string $audience, bool $test = false): string
    {
        $arguments = ['root_key' => $rootKey, 'audience' => $audience, 'test' => $test];
        return Answer::to($this->backend, 'receipt_key', $arguments, 'written_key')->text('key');
    }

    /** Derives the key with which an application signs step-up requests for the login gate. */
    public function requestKey(#[\SensitiveParameter] string $rootKey, string $audience, bool $test = false): string
    {
        $arguments = ['root_key' => $rootKey, 'audience' => $audience, 'test' => $test];
        return Answer::to($this->backend, 'request_key', $arguments, 'written_key')->text('key');
    }

    /** Signs a step-up request, which the user's browser carries to the login gate. */
    public function signRequest(#[\SensitiveParameter] string $requestKey, StepUp $stepUp): string
    {
        $arguments = ['request_key' => $requestKey, 'step_up' => Question::fields($stepUp)];
        return Answer::to($this->backend, 'sign_request', $arguments, 'signed_request')->text('request');
    }

    /**
     * Checks that a receipt is genuine, has not expired, and is for the expected values. It can be replayed until it expires: where that
     * matters, remember the id of each and accept it once.
     *
     * @param list<string> $receiptKeys At most 256.
     * @throws Refuse with `Code::InvalidToken` for a receipt that is forged, altered or for something else.
     */
    public function checkReceipt(#[\SensitiveParameter] array $receiptKeys, #[\SensitiveParameter] string $receipt, Expected $expected): Claims
    {
        $arguments = [
            'receipt_keys' => $receiptKeys,
            'receipt' => Question::typed($receipt),
            'expected' => Question::fields($expected),
        ];
        return Claims::of(Answer::to($this->backend, 'check_receipt', $arguments, 'claims'));
    }

    /** Reads the unauthenticated part of a token, for debugging. It proves nothing. */
    public function inspect(#[\SensitiveParameter] string $token): TokenInfo
    {
        return TokenInfo::of(Answer::to($this->backend, 'inspect', ['token' => Question::typed($token)], 'token_info'));
    }
}
