<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Delivery options of a message. */
final readonly class Sending implements \JsonSerializable
{
    use Redacts;

    private const SECRET = ['client'];

    /**
     * @param ?string $locale Language of the text, such as `ja`. Null: the settings' own.
     * @param ?string $client The end user's address, IPv4 or IPv6. Required if the settings have a cap per client.
     * @param bool $decoy Does everything except sending, for a form that must not reveal whether an account exists. For `start` only.
     */
    public function __construct(
        public Channel $channel = Channel::Sms,
        public ?string $locale = null,
        #[\SensitiveParameter] public ?string $client = null,
        public bool $decoy = false,
    ) {
    }
}
