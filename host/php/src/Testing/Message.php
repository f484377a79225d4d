<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Testing;

/** A message that arrived in the sandbox. */
final readonly class Message
{
    /**
     * @param string $id The id at Xoxzo, for `Sandbox::next`.
     * @param string $channel `sms`, or `voice` for a call.
     * @param string $text The text, or the words of a call.
     */
    public function __construct(
        public string $id,
        public string $channel,
        public string $sender,
        public string $recipient,
        public string $text,
    ) {
    }

    /**
     * Returns the PIN: the first six to ten digits that stand alone.
     *
     * @throws \UnexpectedValueException if there are none.
     */
    public function pin(): string
    {
        // In a call, two commas are a pause after each digit.
        $text = str_replace([',,', '、、'], '', $this->text);
        if (preg_match('/(?<![0-9.,+])[0-9]{6,10}(?![0-9]|[.,][0-9])/', $text, $found) !== 1) {
            throw new \UnexpectedValueException('there is no PIN in the message');
        }
        return $found[0];
    }
}
