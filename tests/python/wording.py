"""The rules of SPEC.md for the text of a message: its parts, what may be shown, and a service's own words."""

import re
import unicodedata
from typing import Any


def parts(message: str) -> int:
    units = len(message.encode("utf-16-le")) // 2
    whole, split = (140, 132) if message.isascii() else (70, 66)
    return 1 if units <= whole else -(-units // split)


def grouped(amount: str, locale: str) -> str:
    """The amount as it is shown: its whole part in groups of three digits."""
    whole, dot, fraction = amount.partition(".")
    return f"{int(whole):,}".replace(",", " " if locale in ("id", "vi", "es") else ",") + dot + fraction


def own_text(vector: dict[str, Any]) -> str | None:
    """The message in the service's own words, if it has some for it."""
    paid, spoken = vector["binding"].get("transaction"), vector["channel"] == "voice"
    locale = vector["locale"] if not spoken or vector["locale"] == "ja" else "en"
    which = "payment" if paid else "call" if spoken else "text"
    if paid and spoken:
        return None
    texts = [one for one in vector["document"]["message"].get("texts", []) if one["locale"] == locale and which in one]
    texts.sort(key=lambda one: "purpose" not in one)
    fitting = [one for one in texts if one.get("purpose", "login") == vector["binding"]["purpose"]]
    if not fitting:
        return None
    values = {"service": vector["document"]["service"], "minutes": "5"}
    if paid:
        values |= {"amount": grouped(paid["amount"], locale), "currency": paid["currency"], "payee": paid["payee"]}
    return re.sub(r"\{(\w+)\}", lambda place: values.get(place[1], place[0]), fitting[0][which])


def script(letter: str) -> str:
    """The script of a letter, where Han, kana and Hangul are one."""
    name = unicodedata.name(letter).split()[0]
    return "EAST" if name in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC") else name


def displayable(text: str) -> bool:
    """Whether a text may stand in a message. Thai marks are not judged here."""
    words = [[script(letter) for letter in word if letter.isalpha()] for word in re.split(r"[ .,'&()-]", text)]
    return bool(
        re.fullmatch(r"[\w .,'&()-]{1,40}", text)
        and text == text.strip()
        and "  " not in text
        and not re.search(r"([0-9一二三四五六七八九零][ .,'&()-]*){4}", text)
        and not re.search(r"\w{2}\.\w|\.\w\w|[0-9]\.\w|\w\.[0-9]|(?<!\w)\.\w", text)
        and all(len(set(word)) <= 1 or set(word) == {"LATIN", "EAST"} for word in words)
    )


def own_words(wording: dict[str, str], effective: dict[str, Any]) -> bool:
    """Whether an own text follows SPEC.md, "Message"."""
    purposes = [purpose["name"] for purpose in effective["purposes"]]
    fits = wording.get("purpose", purposes[0]) in purposes and bool({"text", "payment", "call"} & set(wording))
    fits &= "call" not in wording or wording["locale"] in ("en", "ja")
    longest = {"service": effective["service"], "minutes": str(effective["pin"]["lifetime_seconds"] // 60)}
    longest |= {"pin": "9" * max(8, effective["pin"]["digits"]), "amount": "9" * 15 + "," * 4, "currency": "JPY", "payee": "x" * 40}
    for which in {"text", "payment", "call"} & set(wording):
        text = wording[which]
        places = re.findall(r"\{(.*?)\}", text)
        literal = re.sub(r"\{\w+\}", "X", text)
        before = text.split("{pin}")[0]
        paid = ["amount", "currency", "payee"]
        fits &= len(text) <= 660
        fits &= set(places) <= set(longest) and not re.search("[{}]", literal)
        fits &= places.count("pin") in ((1, 2) if which == "call" else (1,))
        fits &= places.count("service") <= 1 and places.count("minutes") <= 1
        fits &= all(places.count(name) == (which == "payment") for name in paid)
        fits &= all("{" + name + "}" in before for name in paid if which == "payment")
        fits &= not re.search(r"[0-9}]\{pin\}|\{pin\}[0-9{]", text)
        fits &= not any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp") for letter in text)
        fits &= not re.search(r"([0-9][^\w]*){4}", literal)
        shown = re.sub(r"\{(\w+)\}", lambda place: longest.get(place[1], ""), text)
        fits &= which == "call" or parts(shown) <= effective["message"]["max_parts"]
    return fits
