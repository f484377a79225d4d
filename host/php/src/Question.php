<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * Arguments with the names of the contract.
 *
 * @internal
 */
final class Question
{
    /** Bytes of the longest text that a user can have typed. */
    private const LONGEST = 4_096;

    /**
     * A text from outside. What is none, or longer than any that is genuine, becomes empty, which the engine refuses like any other that is wrong.
     */
    public static function typed(#[\SensitiveParameter] mixed $text): string
    {
        return is_string($text) && strlen($text) <= self::LONGEST ? $text : '';
    }

    /** @return array<string, mixed> */
    public static function fields(#[\SensitiveParameter] Binding|Expected|StepUp|Sending|Transaction $of): array
    {
        $plain = static fn (mixed $value): mixed => match (true) {
            $value instanceof \BackedEnum => $value->value,
            $value instanceof Transaction => self::fields($value),
            default => $value,
        };
        return Answer::present(array_map($plain, get_object_vars($of)));
    }

    /**
     * Writes what is not UTF-8 as U+FFFD, which the engine accepts nowhere.
     *
     * @param object|array<string, object> $of
     */
    public static function json(#[\SensitiveParameter] object|array $of): string
    {
        return json_encode($of, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    }
}
