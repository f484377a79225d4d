<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor;

/**
 * A settings document, which `wit/settings.schema.json` describes.
 *
 * Wherever the schema says `x-secret`, `{"env": NAME}` stands for a variable of the process's environment, and `{"file": PATH}` for
 * the content of a file without one line break at its end. The engine checks everything else when a client is opened.
 */
final class Settings
{
    /** Has the text, which is so in no dump of any kind. */
    private readonly \SensitiveParameterValue $text;

    /**
     * @param string|array<string, mixed> $document JSON text, or the array that it stands for.
     * @throws Misuse for what cannot be JSON.
     */
    public function __construct(#[\SensitiveParameter] string|array $document)
    {
        if (is_array($document)) {
            $document = json_encode($document, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
        }
        if ($document === false || str_contains($document, "\0")) {
            throw (new Failure(Blame::Misuse, Code::Settings, 'settings: a value that JSON has no form for'))->exception();
        }
        $this->text = new \SensitiveParameterValue($document);
    }

    /**
     * Reads the document from a file.
     *
     * @throws Misuse for a file that cannot be read.
     */
    public static function fromFile(#[\SensitiveParameter] string $path): self
    {
        $text = is_file($path) ? @file_get_contents($path) : false;
        if ($text === false) {
            throw (new Failure(Blame::Misuse, Code::Settings, 'settings: the file cannot be read'))->exception();
        }
        return new self($text);
    }

    /** @internal */
    public function reveal(): string
    {
        return $this->text->getValue();
    }

    /** @return array<string, string> */
    public function __debugInfo(): array
    {
        return ['text' => '[REDACTED]'];
    }

    public function __serialize(): never
    {
        throw new \LogicException('settings hold keys, and cannot be serialized');
    }
}
