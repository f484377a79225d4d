"""Calling codes and countries: what their metadata says, and the shortest trees that say it."""

from __future__ import annotations

from collections.abc import Iterable

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from language import DIGITS, Either, Language, Without

ADMITTED = ["fixed_line", "mobile"]
COSTLY = ["toll_free", "premium_rate", "shared_cost", "personal_number", "pager", "uan", "voicemail"]
TYPES = [*ADMITTED, *COSTLY, "voip"]
# A number of +1 has ten digits (North American Numbering Plan). What the metadata has beside these is for callers at home.
NANP = {"1": 1 << 10}
# First digits of carriers' codes behind the trunk prefix, where one could be taken for the beginning of a number.
CARRIERS = {"57": "34579", "82": "8", "591": "1"}
# Digits that a tree looks at.
DEPTH = 7
# Digits of a number with its calling code: the most (ITU-T E.164), and the least that is assumed of numbers nobody knows yet.
LONGEST, SHORTEST = 15, 8


def letter(length: int) -> str:
    return chr(ord("a") + length)


def bits(mask: int) -> list[int]:
    return [length for length in range(mask.bit_length()) if mask >> length & 1]


class Tree:
    """The shortest text of a function from prefixes to yes and no."""

    def __init__(self, yes: Language, no: Language, lengths: int, *, both: bool, strict: int = 0) -> None:
        """What `yes` holds is yes and what `no` holds is no, in some lengths; `both` is the answer where seven digits do not tell.
        What neither holds may be either, but prefixes of up to `strict` digits that `yes` does not have are no."""
        self.languages, self.lengths, self.both, self.strict = (yes, no), lengths, both, strict
        self.undecided: list[str] = []
        self.root = self.grow("", (yes.start, no.start))

    def grow(self, prefix: str, states: tuple) -> object:
        """The answers that will do for all of a prefix, or the ten nodes below."""
        is_yes, is_no = (of.mask(state) & self.lengths >> len(prefix) for of, state in zip(self.languages, states))
        # What ends here has no digits that could tell it from what goes on.
        if is_yes and is_no and (len(prefix) == DEPTH or (is_yes | is_no) & 1):
            self.undecided.append(prefix)
            return frozenset({self.both})
        if is_yes and (is_no or len(prefix) < self.strict):
            steps = (tuple(of.step(state, digit) for of, state in zip(self.languages, states)) for digit in DIGITS)
            below = [self.grow(prefix + digit, to) for digit, to in zip(DIGITS, steps)]
            common = frozenset({False, True}).intersection(*(one if isinstance(one, frozenset) else () for one in below))
            return common or tuple(below)
        if is_yes:
            return frozenset({True})
        return frozenset({False}) if is_no or 0 < len(prefix) <= self.strict else frozenset({False, True})

    def text(self, answer: bool) -> str:
        """The tree, to be read with this answer to begin with."""
        if not isinstance(self.root, frozenset):
            return body(self.root, answer, {})
        return "" if answer in self.root else DIGITS


def body(below: tuple, answer: bool, memo: dict) -> str:
    key = (below, answer)
    if key not in memo:
        groups: dict[str, str] = {}
        for digit, node in zip(DIGITS, below):
            said = child(node, answer, memo)
            if said is not None:
                groups[said] = groups.get(said, "") + digit
        last = groups.pop("", "")
        memo[key] = "".join(digits + said for said, digits in sorted(groups.items(), key=lambda one: one[1])) + last
    return memo[key]


def child(node: object, answer: bool, memo: dict) -> str | None:
    """What follows the digit of a node; nothing, not even the digit, if the answer stays."""
    if isinstance(node, frozenset):
        return None if answer in node else ""
    same, other = f"({body(node, answer, memo)})", f"[{body(node, not answer, memo)}]"
    return same if len(same) <= len(other) else other


def walk(tree: str, national: str, answer: bool) -> bool:
    """The answer of a tree's text, as the engine reads it."""
    digits, named, inside = list(national), False, 0
    for mark in tree:
        if mark in "([" and (inside or not named):
            inside += 1
        elif mark in ")]" and inside:
            inside -= 1
        elif inside:
            continue
        elif mark in "([":
            answer ^= mark == "["
            digits, named = digits[1:], False
            if not digits:
                return answer
        elif mark in ")]":
            break
        else:
            named |= digits[:1] == [mark]
    return answer ^ named


def patterns(metadata: Iterable[PhoneMetadata], names: Iterable[str]) -> list[str]:
    described = [getattr(one, name) for one in metadata for name in names]
    return [one.national_number_pattern for one in described if one is not None and one.national_number_pattern]


class Forest:
    """A tree, and trees for single lengths where one for all would leave something undecided."""

    def __init__(self, yes: Language, no: Language, lengths: int, *, both: bool, strict: int, fallback: Language | None = None) -> None:
        self.one = Tree(yes, no, lengths, both=both, strict=strict)
        self.by_length: dict[int, Tree] = {}
        if self.one.undecided:
            trees = {length: Tree(yes, no, 1 << length, both=both, strict=strict) for length in bits(lengths & yes.mask(yes.start))}
            if sum(len(tree.undecided) for tree in trees.values()) < len(self.one.undecided):
                self.by_length = trees
                if fallback is None:
                    # The most frequent tree goes first, for all lengths that have none of their own.
                    texts = [tree.text(both) for tree in trees.values()]
                    most = max(texts, key=texts.count)
                    self.one = next(tree for tree in trees.values() if tree.text(both) == most)
                    self.by_length = {length: tree for length, tree in trees.items() if tree.text(both) != most}
                else:
                    self.one = Tree(fallback, no, lengths, both=both, strict=strict)
        self.undecided = [
            prefix for tree in {id(tree): tree for tree in [self.one, *self.by_length.values()]}.values() for prefix in tree.undecided
        ]

    def says(self, national: str, answer: bool) -> bool:
        """The answer for a number, by the text of its tree."""
        tree = self.by_length.get(len(national), self.one)
        return walk(tree.text(answer), national, answer)

    def text(self, answer: bool) -> str:
        return self.one.text(answer) + "".join(f";{letter(length)}{tree.text(answer)}" for length, tree in self.by_length.items())


class Region:
    """A country."""

    def __init__(self, name: str, code: int, metadata: PhoneMetadata, others: list[PhoneMetadata]) -> None:
        self.name, self.code, self.metadata = name, str(code), metadata
        self.admitted, self.costly = Language(patterns([metadata], ADMITTED)), Language(patterns([metadata], COSTLY))
        self.lengths = self.admitted.mask(self.admitted.start) & (2 << LONGEST - len(self.code)) - 1
        # What is of two countries is admitted by both.
        foreign = Without(Language(patterns(others, TYPES)), self.admitted)
        shut = Either(self.costly, foreign)
        # Area codes of +1 belong to the country that they were given to, and to none before.
        self.forest = Forest(self.admitted, shut, self.lengths, both=True, strict=3 if code == 1 else 1)

    def line(self) -> str:
        tree = min("+" + self.forest.text(True), "-" + self.forest.text(False), key=len)
        return self.name + self.code + "".join(map(letter, bits(self.lengths))) + tree


class Plan:
    """A calling code."""

    def __init__(self, code: int, names: tuple[str, ...]) -> None:
        self.code, self.names = str(code), names
        room = LONGEST - len(self.code)
        metadata = [PhoneMetadata.metadata_for_region_or_calling_code(code, name) for name in names]
        pairs = zip(names, metadata) if names != ("001",) else ()
        self.regions = [Region(name, code, one, [other for other in metadata if other is not one]) for name, one in pairs]
        self.metadata = metadata
        known = patterns(metadata, TYPES)
        numbers = Language(known)
        # Where 0 is the trunk prefix, what begins with 0 and cannot be dialled from abroad is no number of E.164.
        main = self.main = metadata[0]
        at_home = Language(patterns(metadata, ["no_international_dialling"]))
        dialled = Without(numbers, at_home, under="0" if main.national_prefix else "")
        self.dialled = dialled
        zero = () if dialled.mask(dialled.step(dialled.start, "0")) else ("0",)
        self.prefixes = sorted(
            {one for one in (main.national_prefix_for_parsing, main.national_prefix, *zero) if one and not is_rewriting(one)}
        )
        trunks = Language(f"(?:{prefix})(?:{number})" for prefix in self.prefixes for number in known)
        with_zero = Language(f"(?:{prefix})(?:{number})" for prefix in zero for number in known)
        self.forest = Forest(trunks, dialled, (2 << room) - 1, both=False, strict=1, fallback=with_zero)
        self.trunk = main.national_prefix or "0"
        self.carriers = CARRIERS.get(self.code, "")
        lengths = bits(dialled.mask(dialled.start) & NANP.get(self.code, (2 << room) - 1))
        self.least, self.most = lengths[0], lengths[-1]
        # One digit of slack where lengths differ, but not where the metadata rewrites numbers of another length.
        if self.least < self.most and not main.national_prefix_transform_rule:
            self.most = min(self.most + 1, room)
            self.least = min(self.least, max(self.least - 1, SHORTEST - len(self.code)))

    def main_prefixes(self) -> list[str]:
        """What libphonenumber takes for a prefix of a national number."""
        return [one for one in (self.main.national_prefix_for_parsing, self.main.national_prefix) if one]

    def is_dialled(self, national: str) -> bool:
        """Whether a number can be dialled from abroad, as far as it decides which 0 is part of a number."""
        state = self.dialled.start
        for digit in national:
            state = self.dialled.step(state, digit)
        return bool(self.dialled.mask(state) & 1)

    def accepts(self, national: str) -> bool:
        """Whether the engine takes a number, but for what it knows of +1."""
        return self.least <= len(national) <= self.most and not self.forest.says(national, False)

    def line(self) -> str:
        return f"{self.code}{letter(self.least)}{letter(self.most)}{self.trunk}:{self.carriers}:{self.forest.text(False)}"


def is_rewriting(prefix: str) -> bool:
    """Whether what a pattern takes for a prefix may be nothing or the whole number."""
    return "$" in prefix and not prefix.startswith("(0") or Language([prefix]).has("")


def plans() -> list[Plan]:
    return [Plan(code, names) for code, names in sorted(COUNTRY_CODE_TO_REGION_CODE.items())]
