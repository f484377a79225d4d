"""Vectors: numbers of every country and type, what libphonenumber says of them, and their trunk spellings."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from language import Language
from plans import COSTLY, NANP, TYPES, Plan, Region, bits

SEED = 20261129
# Random numbers of each type of a country, and random digits of each calling code.
DRAWN, TRIES = 2, 400
NOTES = {
    "Country": ("BASIC", "Each number is accepted. A country admits its numbers that are fixed line or mobile, and no others."),
    "Trunk": (
        "EXTRA_SPELLING",
        "A trunk prefix before the national number is refused: it would be another number to counters and shut prefixes.",
    ),
    "Zero": ("MISSING_NUMBER", "A 0 after the calling code is part of these numbers."),
    "Shared": ("WRONG_COUNTRY", "Several countries have this calling code, and each admits its own numbers."),
    "NotANumber": ("MISSING_CHECK", "No numbering plan has these."),
}


def canonical(text: str) -> str | None:
    """The canonical form of a number by libphonenumber; `None` if it is not valid."""
    try:
        number = phonenumbers.parse(text)
    except NumberParseException:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else None


class Numbers:
    """The numbers of a country, or of a calling code that is of none, by type."""

    def __init__(self, plan: Plan, metadata: object, dice: random.Random) -> None:
        self.plan, self.by_type, self.examples = plan, {}, 0
        for kind in TYPES:
            described = getattr(metadata, kind)
            if described is None or not described.national_number_pattern:
                continue
            language = Language([described.national_number_pattern])
            found = [described.example_number] if described.example_number else []
            lengths = [length for length in bits(language.mask(language.start)) if len(plan.code) + length <= 15]
            found += [language.draw(dice, dice.choice(lengths)) for _ in range(DRAWN if lengths else 0)]
            kept = [number for number in dict.fromkeys(found) if self.is_number(number)]
            self.examples += bool(described.example_number in kept)
            if kept:
                self.by_type[kind] = kept

    def is_number(self, national: str) -> bool:
        exact = NANP.get(self.plan.code, -1) >> len(national) & 1
        text = f"+{self.plan.code}{national}"
        return bool(exact and canonical(text) == text and self.plan.is_dialled(national))


def vectors(all_plans: list[Plan], version: str, date: str) -> str:
    dice = random.Random(SEED)
    tests, missed = [], []
    by_plan = {plan.code: [Numbers(plan, metadata, dice) for metadata in plan.metadata] for plan in all_plans}
    for plan in all_plans:
        prefixes = trunk_prefixes(plan, by_plan[plan.code], dice)
        for at, numbers in enumerate(by_plan[plan.code]):
            region = plan.regions[at] if plan.regions else None
            tests.append(test(plan, region, numbers, by_plan[plan.code], prefixes))
    rewritten = []
    for plan in all_plans:
        for text, known in spellings(plan, dice):
            if plan.accepts(text.removeprefix(f"+{plan.code}")):
                missed.append(text)
            elif plan.main.national_prefix_transform_rule and not known.endswith(text[-8:]):
                rewritten.append(text)
    if missed:
        sys.exit(f"other spellings that are accepted: {len(missed)}, such as {missed[:9]}")
    tests += refused(all_plans, rewritten)
    for at, one in enumerate(tests, 1):
        one["tcId"] = at
    whole = {
        "algorithm": "xoxzo-2fa 1",
        "schema": "phone.json",
        "source": f"libphonenumber {version}, {date}",
        "numberOfTests": len(tests),
        "notes": {flag: {"bugType": bug, "description": about} for flag, (bug, about) in NOTES.items()},
        "tests": tests,
    }
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def test(plan: Plan, region: Region | None, numbers: Numbers, others: list[Numbers], prefixes: list[str]) -> dict:
    """One country. Its numbers are in `admitted` and `shut`, and of voip, which may be either, in `free`."""

    def text(those: Iterable[str]) -> str:
        return " ".join(f"+{plan.code}{number}" for number in those)

    def is_admitted(national: str) -> bool:
        return region is not None and region.admitted.has(national)

    def some(kinds: list[str], admitted: bool) -> dict[str, str]:
        kept = {kind: [one for one in numbers.by_type.get(kind, []) if is_admitted(one) == admitted] for kind in kinds}
        return {kind: text(those) for kind, those in kept.items() if those}

    made = {
        "comment": region.name if region else f"+{plan.code}, of no country",
        "callingCode": plan.code,
        "flags": ["Country"],
        "admitted": some(TYPES, True),
        "shut": some(COSTLY, False),
        "free": some(["voip"], False),
        "result": "valid",
    }
    if region:
        made["country"] = region.name
    if prefixes:
        made |= {"trunk": prefixes, "flags": [*made["flags"], "Trunk"]}
    if any(number.startswith("0") for those in numbers.by_type.values() for number in those):
        made["flags"] = [*made["flags"], "Zero"]
    if len(others) > 1:
        foreign = {number for other in others if other is not numbers for those in other.by_type.values() for number in those}
        made |= {"alsoAdmitted": text(sorted(filter(is_admitted, foreign))), "flags": [*made["flags"], "Shared"]}
    return made


def trunk_prefixes(plan: Plan, all_numbers: list[Numbers], dice: random.Random) -> list[str]:
    """Prefixes with which libphonenumber knows a number of the calling code again."""
    languages = [Language([prefix]) for prefix in plan.main_prefixes()]
    found = {
        language.draw(dice, length)
        for language in languages
        for length in bits(language.mask(language.start))
        if 0 < length < 8
        for _ in range(3)
    }
    nationals = [number for numbers in all_numbers for those in numbers.by_type.values() for number in those]

    def keeps(prefix: str) -> bool:
        short = [number for number in nationals if len(plan.code + prefix + number) <= 15]
        return bool(short) and all(canonical(f"+{plan.code}{prefix}{number}") == f"+{plan.code}{number}" for number in short)

    return sorted(filter(keeps, found))


def spellings(plan: Plan, dice: random.Random) -> Iterator[tuple[str, str]]:
    """Random digits that libphonenumber takes for another spelling of a number, and that number."""
    prefixes = [Language([prefix]) for prefix in plan.main_prefixes()]
    for _ in range(TRIES):
        national = "".join(dice.choices("0123456789", k=dice.randint(plan.least, plan.most)))
        if prefixes and dice.random() < 0.7:
            language = dice.choice(prefixes)
            national = language.draw(dice, dice.choice(bits(language.mask(language.start)))) + national[: dice.choice([6, 7, 8, 15])]
        text = f"+{plan.code}{national[: 15 - len(plan.code)]}"
        known = canonical(text)
        if known is not None and known != text:
            yield text, known


def refused(all_plans: list[Plan], rewritten: list[str]) -> list[dict]:
    codes = {plan.code for plan in all_plans}
    unassigned = [str(code) for code in range(100, 1000) if not {str(code)[:1], str(code)[:2], str(code)} & codes]
    kinds = {
        "calling codes that are not assigned": [f"+{code}1234567" for code in unassigned],
        "area codes and exchanges that +1 does not have": [
            *(f"+1{digit}00{exchange}550123" for digit in "01" for exchange in "25"),
            *(f"+1{digit}115550123" for digit in "23456789"),
            *(f"+1201{digit}550123" for digit in "01"),
        ],
        "numbers in a local form": rewritten,
        "lengths that a plan does not have": [
            "+1415555010",
            "+141555501000",
            "+8190123456",
            "+81901234567890",
            "+3361234567",
            "+336123456789",
        ],
    }
    return [{"comment": name, "flags": ["NotANumber"], "refused": " ".join(those), "result": "invalid"} for name, those in kinds.items()]
