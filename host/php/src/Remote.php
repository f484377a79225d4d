<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * A server that answers over HTTP, `xoxzo-2fa-serve rest`, for a PHP without FFI. It needs the extension curl.
 *
 * Settings, counters and keys are the server's. What is for operators beside an answer, its `Audit`, is empty but in the answers to an `Operator`.
 */
final class Remote implements Backend
{
    /** Seconds. An operation ends within some 40. */
    private const CONNECT = 10;
    private const ANSWER = 45;

    /** Bytes. A server refuses longer questions. */
    private const QUESTION_BYTES = 65_536;
    private const ANSWER_BYTES = 1_048_576;

    /** Functions with keys of the settings, which are sent to nobody. */
    private const WITH_KEYS = ['keygen', 'receipt_key', 'request_key', 'sign_request'];

    /** The operations of users, with the kinds of their answers. A server tells their audits to operators only. */
    private const FOR_USERS = ['start' => 'challenged', 'resend' => 'challenged', 'verify' => 'accepted', 'status' => 'reported'];

    /** Has the key, which is so in no dump of any kind. */
    private readonly \SensitiveParameterValue $key;

    /**
     * @param string $url The server's origin, such as `http://127.0.0.1:9120`.
     * @param string $key The key of this caller, with the rights `send` and `verify`; with `operate` for `Operator`, `preview`, `numberIndex` and
     *     `inspect`. The server knows operators by their key, and not by the name that an `Operator` has.
     * @throws Misuse for a URL or key that is none, and where curl is missing.
     */
    public function __construct(private readonly string $url, #[\SensitiveParameter] string $key)
    {
        $fault = match (true) {
            !extension_loaded('curl') => 'remote: this PHP has no extension curl; install it, or enable it by extension=curl',
            preg_match('~^https?://[^/?#@\s]+$~D', $url) !== 1 => 'remote: the URL is no origin such as http://127.0.0.1:9120',
            preg_match('/^[!-~]+$/D', $key) !== 1 => 'remote: the key is not of printable ASCII without spaces',
            default => null,
        };
        if ($fault !== null) {
            throw (new Failure(Blame::Misuse, Code::Settings, $fault))->exception();
        }
        $this->key = new \SensitiveParameterValue($key);
    }

    public function ask(#[\SensitiveParameter] array $question): array
    {
        $function = (string) key($question);
        if (in_array($function, self::WITH_KEYS, true)) {
            throw (new Failure(Blame::Misuse, Code::Request, "$function: a server is sent no key for that"))->exception($this);
        }
        if ($function === 'ready') {
            return $this->ready();
        }
        $arguments = $question[$function];
        unset($arguments['operator']);
        if (isset(self::FOR_USERS[$function])) {
            unset($arguments['audit']);
        }
        $body = Question::json((object) $arguments);
        if (strlen($body) > self::QUESTION_BYTES) {
            throw (new Failure(Blame::Misuse, Code::Request, 'the question is longer than 64 KiB'))->exception($this);
        }
        [$status, $text] = $this->post($function, $body);
        $answer = json_decode($text, true);
        if (!is_array($answer) || ($status !== 200 && !isset($answer['failure']))) {
            throw Answer::broken("the server gave no answer, but the status $status", $this);
        }
        $kind = self::FOR_USERS[$function] ?? '';
        if (is_array($answer[$kind] ?? null)) {
            $answer[$kind] += ['audit' => ['decoy' => false]];
        }
        return $answer;
    }

    /** @return array<string, string> */
    public function __debugInfo(): array
    {
        return ['url' => $this->url];
    }

    public function __serialize(): never
    {
        throw new \LogicException('the key of a server cannot be serialized');
    }

    /**
     * Asks whether the server's store answers, which takes no key.
     *
     * @return array<string, array<string, string>>
     */
    private function ready(): array
    {
        [$status] = $this->exchange('/ready', []);
        return match ($status) {
            200 => ['ready' => []],
            503 => ['failure' => ['blame' => 'upstream', 'code' => 'guard', 'detail' => 'the service is not ready']],
            default => throw Answer::broken("the server gave no answer, but the status $status", $this),
        };
    }

    /** @return array{int, string} */
    private function post(string $function, #[\SensitiveParameter] string $body): array
    {
        return $this->exchange("/v1/$function", [
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . $this->key->getValue(), 'Content-Type: application/json', 'Expect:'],
        ]);
    }

    /**
     * Sends a question once, by a handle of its own: curl repeats a question if a connection breaks that it used before.
     *
     * @param array<int, mixed> $options
     * @return array{int, string}
     */
    private function exchange(string $path, #[\SensitiveParameter] array $options): array
    {
        $text = '';
        $curl = curl_init($this->url . $path);
        curl_setopt_array($curl, $options + [
            CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
            CURLOPT_PROXY => '',
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_CONNECTTIMEOUT => self::CONNECT,
            CURLOPT_TIMEOUT => self::ANSWER,
            CURLOPT_WRITEFUNCTION => static function (\CurlHandle $curl, string $part) use (&$text): int {
                $text .= $part;
                return strlen($text) <= self::ANSWER_BYTES ? strlen($part) : 0;
            },
        ]);
        $arrived = curl_exec($curl);
        if ($arrived === false) {
            throw Answer::broken('the server: ' . curl_strerror(curl_errno($curl)), $this);
        }
        return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $text];
    }
}
