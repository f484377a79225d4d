<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** The reason why an operation did not do what was asked. It holds no PIN, token, key or full phone number. */
final readonly class Failure
{
    /**
     * @param string $detail One line for a log, in English, not for end users.
     * @param ?int $guessesLeft Tries that the challenge still has, with `Code::WrongPin`.
     * @param ?int $retryAfter Seconds until trying again can work. Null where waiting does not help.
     * @param ?int $expiresIn Seconds until the token expires. Null where the token was not valid.
     * @param ?Audit $audit For operators. Null where the engine could not be asked.
     */
    public function __construct(
        public Blame $blame,
        public Code $code,
        public string $detail,
        public ?int $guessesLeft = null,
        public ?int $retryAfter = null,
        public ?int $expiresIn = null,
        public ?Audit $audit = null,
    ) {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        $number = static fn (string $name): ?int => $answer->has($name) ? $answer->number($name) : null;
        return new self(
            $answer->word('blame', Blame::class),
            $answer->word('code', Code::class),
            $answer->text('detail'),
            $number('guesses_left'),
            $number('retry_after_seconds'),
            $number('expires_in_seconds'),
            $answer->has('audit') ? Audit::of($answer->object('audit')) : null,
        );
    }

    /**
     * Makes the exception of its blame.
     *
     * @param ?Backend $backend Has the texts of explanations. Null: the library.
     * @internal
     */
    public function exception(?Backend $backend = null): TwoFactorException
    {
        return match ($this->blame) {
            Blame::Misuse => new Misuse($this, $backend),
            Blame::Refuse => new Refuse($this, $backend),
            Blame::Upstream => new Upstream($this, $backend),
        };
    }
}
