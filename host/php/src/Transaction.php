<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A payment that a challenge confirms. The message shows amount and payee before the code. */
final readonly class Transaction
{
    /**
     * @param string $amount Canonical decimal with all decimals of its currency: `12.50` for EUR, `1250` for JPY.
     * @param string $currency ISO 4217 code.
     * @param string $payee 1 to 40 letters, digits, spaces and `.,'&()-`.
     */
    public function __construct(public string $amount, public string $currency, public string $payee)
    {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self($answer->text('amount'), $answer->text('currency'), $answer->text('payee'));
    }
}
