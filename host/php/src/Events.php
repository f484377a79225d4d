<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

use Psr\Log\LoggerInterface;

/**
 * Hands each operation that ended to a logger.
 *
 * @internal
 */
final class Events
{
    private const OPERATIONS = ['start', 'resend', 'verify', 'status', 'unlock', 'limits', 'credits'];

    public function __construct(private readonly LoggerInterface $logger)
    {
    }

    /**
     * Asks for the event of an operation.
     *
     * @param array<string, array<string, mixed>> $question
     * @return array<string, array<string, mixed>>
     */
    public function asked(#[\SensitiveParameter] array $question): array
    {
        $function = key($question);
        if (in_array($function, self::OPERATIONS, true)) {
            $question[$function]['event'] = true;
        }
        return $question;
    }

    /** Logs the event in an answer. What was done stays so, whatever becomes of its event. */
    public function tell(#[\SensitiveParameter] mixed $answer): void
    {
        $content = is_array($answer) ? reset($answer) : null;
        $event = is_array($content) ? $content['event'] ?? null : null;
        if (!is_array($event)) {
            return;
        }
        $outcome = $event['outcome'] ?? '';
        $level = isset($event['alarm']) || !in_array($outcome, ['ok', 'refuse'], true) ? 'warning' : 'info';
        $message = sprintf('xoxzo-2fa: %s: %s', $event['operation'] ?? '', $event['code'] ?? $outcome);
        try {
            $this->logger->log($level, $message, $event);
        } catch (\Throwable $fault) {
            error_log('xoxzo-2fa: the logger threw ' . $fault::class);
        }
    }
}
