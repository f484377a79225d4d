<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/** Answers questions: the engine in this process, or a service that has it. */
interface Backend
{
    /**
     * Answers a question of `wit/ASK.md`, such as `['verify' => [...]]`. Operations are done when they are answered.
     *
     * An answer has one field, which names its kind, and a failure is an answer. Whatever goes wrong, it never means an acceptance.
     *
     * @param array<string, array<string, mixed>> $question
     * @return array<mixed>
     */
    public function ask(#[\SensitiveParameter] array $question): array;
}
