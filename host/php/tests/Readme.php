<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

/** The examples of the README and of other documents, as they are printed. */
final class Readme
{
    /** @return list<string> The blocks of a language, in their order. */
    public static function blocks(string $language, string $document = 'host/php/README.md'): array
    {
        preg_match_all("/^```$language\n(.*?)^```$/ms", (string) file_get_contents(__DIR__ . "/../../../$document"), $found);
        return $found[1];
    }
}
