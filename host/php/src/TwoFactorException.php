<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * A failure of an operation. Its class says which party has to act on it: `Misuse`, `Refuse` or `Upstream`.
 *
 * Its message is for logs, in English. It holds no PIN, token, key or full phone number.
 */
interface TwoFactorException extends \Throwable
{
    /** The failure: its code, the tries and the time that are left, and what operators should know. */
    public function failure(): Failure;

    /**
     * Explains the failure to an end user, and says what they can do.
     *
     * @param string $locale A language of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`.
     * @throws Misuse for any other locale, and where the texts are not at hand, because FFI or the library cannot be used.
     * @throws Upstream where a server has the texts and does not answer.
     */
    public function explain(string $locale): Explanation;
}
