<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * An object of an answer, whose fields have the types of the contract. What has another type is a fault of the backend, and lets nobody in.
 *
 * @internal
 */
final class Answer
{
    /** @param array<mixed> $fields */
    public function __construct(#[\SensitiveParameter] private readonly array $fields)
    {
    }

    /**
     * Asks a backend for an answer of this kind.
     *
     * @param array<string, mixed> $arguments What is null is left out.
     * @throws TwoFactorException for a failure, and for an answer of any other kind.
     */
    public static function to(Backend $backend, string $operation, #[\SensitiveParameter] array $arguments, string $kind): self
    {
        $whole = $backend->ask([$operation => self::present($arguments)]);
        $content = reset($whole);
        if (count($whole) !== 1 || !is_array($content)) {
            throw self::broken('the answer is no object with one field', $backend);
        }
        if (key($whole) === 'failure') {
            throw Failure::of(new self($content))->exception($backend);
        }
        if (key($whole) !== $kind) {
            throw self::broken('the backend answered another question', $backend);
        }
        return new self($content);
    }

    /**
     * Leaves out what is null.
     *
     * @param array<string, mixed> $fields
     * @return array<string, mixed>
     */
    public static function present(#[\SensitiveParameter] array $fields): array
    {
        return array_filter($fields, static fn (mixed $value): bool => $value !== null);
    }

    public static function broken(string $detail, ?Backend $backend = null): TwoFactorException
    {
        return (new Failure(Blame::Upstream, Code::Plugin, $detail))->exception($backend);
    }

    public function has(string $name): bool
    {
        return isset($this->fields[$name]);
    }

    public function text(string $name): string
    {
        $value = $this->fields[$name] ?? null;
        return is_string($value) ? $value : throw $this->lacks($name);
    }

    public function number(string $name): int
    {
        $value = $this->fields[$name] ?? null;
        return is_int($value) ? $value : throw $this->lacks($name);
    }

    public function flag(string $name): bool
    {
        $value = $this->fields[$name] ?? null;
        return is_bool($value) ? $value : throw $this->lacks($name);
    }

    public function object(string $name): self
    {
        $value = $this->fields[$name] ?? null;
        return is_array($value) ? new self($value) : throw $this->lacks($name);
    }

    /** @return list<self> */
    public function objects(string $name): array
    {
        $list = $this->fields[$name] ?? null;
        if (!is_array($list)) {
            throw $this->lacks($name);
        }
        $object = fn (mixed $each): self => is_array($each) ? new self($each) : throw $this->lacks($name);
        return array_map($object, array_values($list));
    }

    /**
     * @template Word of \BackedEnum
     * @param class-string<Word> $enum
     * @return Word
     */
    public function word(string $name, string $enum): \BackedEnum
    {
        return $enum::tryFrom($this->text($name)) ?? throw $this->lacks($name);
    }

    /**
     * @template Word of \BackedEnum
     * @param class-string<Word> $enum
     * @return list<Word>
     */
    public function words(string $name, string $enum): array
    {
        $list = $this->fields[$name] ?? null;
        if (!is_array($list)) {
            throw $this->lacks($name);
        }
        $word = fn (mixed $each): \BackedEnum => (is_string($each) ? $enum::tryFrom($each) : null) ?? throw $this->lacks($name);
        return array_map($word, array_values($list));
    }

    /** @return array<string, string> */
    public function __debugInfo(): array
    {
        return ['fields' => '[REDACTED]'];
    }

    private function lacks(string $name): TwoFactorException
    {
        return self::broken("the answer has no $name of the contract's type");
    }
}
