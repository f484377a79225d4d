<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

use Psr\Log\LoggerInterface;

/**
 * SMS two-factor authentication. It is cheap to make in each request.
 *
 * Every method throws `Misuse`, `Refuse` or `Upstream` if it does not do what was asked.
 */
final class Client
{
    public function __construct(private readonly Backend $backend)
    {
    }

    /**
     * Opens the client of this process on the library for C, or returns it. `Library::open` says what the arguments are.
     *
     * @throws Misuse for wrong settings, and where FFI or the library cannot be used.
     * @throws Upstream for a store that is unreachable or fails its self-test.
     */
    public static function open(Settings $settings, #[\SensitiveParameter] string $store, ?LoggerInterface $logger = null): self
    {
        return new self(Library::open($settings, $store, $logger));
    }

    /** Makes a PIN, sends it to the binding's recipient, and returns the challenge, whose token belongs into the user's session. */
    public function start(Binding $binding, Sending $sending = new Sending()): Challenge
    {
        $arguments = ['binding' => Question::fields($binding), 'sending' => Question::fields($sending)];
        return Challenge::of($this->operate('start', $arguments, 'challenged'));
    }

    /**
     * Sends the PIN of a challenge once more, or says it in a call. PIN and token stay the same, and neither lifetime nor tries are extended.
     * Call it only when the user asks for it.
     */
    public function resend(#[\SensitiveParameter] string $token, Binding $binding, Sending $sending = new Sending()): Challenge
    {
        $arguments = [
            'token' => Question::typed($token),
            'binding' => Question::fields($binding),
            'sending' => Question::fields($sending),
        ];
        return Challenge::of($this->operate('resend', $arguments, 'challenged'));
    }

    /**
     * Checks the PIN that the user typed. Returns an acceptance at most once per challenge, and throws in every other case.
     *
     * Do not repeat a call whose answer was lost: the challenge may be used.
     *
     * @param mixed $pin As it came from the form. What is no string, such as the array of `pin[]=1`, is refused as malformed.
     * @param ?string $client The end user's address. Required if the settings have `failures.per_client`.
     */
    public function verify(
        #[\SensitiveParameter] string $token,
        Binding $binding,
        #[\SensitiveParameter] mixed $pin,
        #[\SensitiveParameter] ?string $client = null,
    ): Acceptance {
        $arguments = [
            'token' => Question::typed($token),
            'binding' => Question::fields($binding),
            'pin' => Question::typed($pin),
            'client' => $client,
        ];
        return Acceptance::of($this->operate('verify', $arguments, 'accepted'), $binding->subject);
    }

    /** Queries the delivery state of a message at Xoxzo, by the handle of its challenge: at most once in 5 s for each, and for one day. */
    public function status(#[\SensitiveParameter] string $handle): Report
    {
        return Report::of($this->operate('status', ['handle' => Question::typed($handle)], 'reported'));
    }

    /**
     * Shows the messages of each language as they would be sent.
     *
     * @return list<MessagePreview>
     */
    public function preview(?string $purpose = null, ?Transaction $transaction = null): array
    {
        $arguments = ['purpose' => $purpose, 'transaction' => $transaction === null ? null : Question::fields($transaction)];
        $previews = Answer::to($this->backend, 'preview', $arguments, 'previews')->objects('previews');
        return array_map(MessagePreview::of(...), $previews);
    }

    /**
     * Computes an index of a phone number: 22 characters, the same for the same `guard.key`. With it a service finds out whether a number
     * is already registered, and by whom, without storing the number in the clear.
     */
    public function numberIndex(#[\SensitiveParameter] string $recipient): string
    {
        return Answer::to($this->backend, 'index_of', ['recipient' => $recipient], 'number_index')->text('index');
    }

    /**
     * Tests the store as at the start, and compares its clock with the host's: for the health check of a service. It charges no user, asks
     * Xoxzo nothing and makes no event. A client of a server asks that whether its store answers.
     *
     * @throws Upstream with the code `guard` or `clock`.
     */
    public function ready(): void
    {
        Answer::to($this->backend, 'ready', [], 'ready');
    }

    /** @param array<string, mixed> $arguments */
    private function operate(string $operation, #[\SensitiveParameter] array $arguments, string $kind): Answer
    {
        return Answer::to($this->backend, $operation, [...$arguments, 'audit' => true], $kind);
    }
}
