"""The words of the app's pages, in the languages of messages. ``django-admin compilemessages`` in the app's folder compiles them."""

from __future__ import annotations

import ast
import gettext
import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shop
from customers import CODE_PAGE, CONFIRM_PAGE, LOGIN_PAGE, browser, log_in, middleware, password

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("django")
shop.set_up()

from django.test import override_settings  # noqa: E402
from django.utils import translation  # noqa: E402

from xoxzo_2fa import django as django_app  # noqa: E402

APP = Path(django_app.__file__).parent
LANGUAGES = sorted(folder.name for folder in (APP / "locale").iterdir())

# What a template says, or counts.
SAID = re.compile(r'{% translate "(.*?)" %}|{% blocktranslate[^%]*%}(.*?)(?:{% plural %}(.*?))?{% endblocktranslate %}')


def said() -> set[str]:
    texts = {text for page in APP.rglob("*.html") for found in SAID.findall(page.read_text("utf-8")) for text in found if text}
    return {re.sub(r"{{ (\w+) }}", r"%(\1)s", text) for text in texts}


def source(language: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what a catalogue says for each text, from its source."""
    for block in (APP / "locale" / language / "LC_MESSAGES" / "django.po").read_text("utf-8").split("\n\n")[1:]:
        lines = [line.split(" ", 1) for line in block.splitlines() if line.startswith("msg")]
        words = [(kind, ast.literal_eval(text)) for kind, text in lines]
        for text in (text for kind, text in words if kind.startswith("msgid")):
            yield text, [text for kind, text in words if kind.startswith("msgstr")]


def test_every_language_of_messages_has_words() -> None:
    schema = json.loads((resources.files("xoxzo_2fa") / "settings.schema.json").read_text("utf-8"))
    languages = schema["properties"]["message"]["properties"]["locale"]["enum"]
    known = {translation.to_locale(name.lower()).lower() for name in languages if name != "en"}
    assert {language.lower() for language in LANGUAGES} == known


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_complete_and_compiled(language: str) -> None:
    given = dict(source(language))
    assert set(given) == said()
    with (APP / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)
    for text, words in given.items():
        assert all(words)
        assert all(re.findall(r"%\(\w+\)s", word) == re.findall(r"%\(\w+\)s", text) for word in words)
        if "again in %" in text:
            one, many = sorted(text for text in given if "again in %" in text)
            assert [catalogue.ngettext(one, many, number) for number in (1, 60)] == [words[0], words[-1]]
        else:
            assert [catalogue.gettext(text)] == words


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_in_the_users_language(world: shop.Shop, language: str) -> None:
    client = browser(headers={"accept-language": translation.to_language(language)})
    with override_settings(MIDDLEWARE=[*middleware(), "django.middleware.locale.LocaleMiddleware"]), translation.override("en"):
        pages = [client.get(LOGIN_PAGE)]
        password(client)
        pages.append(client.post(CODE_PAGE, {"pin": "12"}))
        world.clock.advance(61)
        log_in(client, world)
        pages.append(client.get(CONFIRM_PAGE))
    for page in pages:
        text = page.content.decode()
        assert f'lang="{translation.to_language(language)}"' in text
        assert not [english for english in said() if f">{english}<" in text and english not in dict(source(language))[english]]
        assert (page.status_code == 400) == (dict(source(language))["Error:"][0] in text)
