"""The language of a browser."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from xoxzo_2fa import Refuse, explain
from xoxzo_2fa._language import preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ja", "ja"),
        ("ja-JP,en;q=0.8", "ja"),
        ("fr, ja;q=0.3, en;q=0.2", "ja"),
        ("en;q=0.5,JA;q=0.75", "ja"),
        ("en;q=0.5, ko;q=0.5", "en"),
        ("es-419, en", "es"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW, zh;q=0.9", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("fr", None),
        ("", None),
        ("*", None),
        ("ja;q=0", None),
        ("ja;q=2", None),
        ("ja;q=x,en;q=0.001", "en"),
        ("jam", None),
        ("\xff", None),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(header: str, language: str | None) -> None:
    assert preferred(header) == language


def test_every_language_of_messages_is_found() -> None:
    schema = json.loads((resources.files("xoxzo_2fa") / "settings.schema.json").read_text("utf-8"))
    languages = schema["properties"]["message"]["properties"]["locale"]["enum"]
    assert [preferred(language) for language in languages] == languages
    for language in languages:
        assert explain(Refuse("used", ""), language).text
