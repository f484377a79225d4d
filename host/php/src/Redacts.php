<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * Keeps the properties in `SECRET` out of var_dump(), print_r() and json_encode(), and so out of loggers. var_export() and casts to array show them.
 *
 * @internal
 */
trait Redacts
{
    /** @return array<string, mixed> */
    public function __debugInfo(): array
    {
        $shown = get_object_vars($this);
        foreach (self::SECRET as $name) {
            $shown[$name] = $shown[$name] === null ? null : '[REDACTED]';
        }
        return $shown;
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return $this->__debugInfo();
    }
}
