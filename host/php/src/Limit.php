<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** A counter that could refuse a user, as it stands. */
final readonly class Limit
{
    /**
     * @param string $setting Path of the setting that limits it, such as `failures.soft`.
     * @param bool $open For purposes that strangers can start, which have counters or limits of their own.
     * @param int $total The count.
     * @param int $most The limit. Totals above it are refused or, for `failures.per_audience`, raise an alarm.
     * @param bool $refuses It refuses the next message or guess of this user.
     * @param ?int $endsIn Seconds until it ends. Null where nothing is counted, and for `failures.hard`, which only a success or an unlock ends.
     */
    public function __construct(
        public string $setting,
        public bool $open,
        public int $total,
        public int $most,
        public bool $refuses,
        public ?int $endsIn,
    ) {
    }

    /** @internal */
    public static function of(Answer $answer): self
    {
        return new self(
            $answer->text('setting'),
            $answer->flag('open'),
            $answer->number('total'),
            $answer->number('most'),
            $answer->flag('refuses'),
            $answer->has('ends_in_seconds') ? $answer->number('ends_in_seconds') : null,
        );
    }
}
