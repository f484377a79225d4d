"""Finite languages of digits, from regular expressions: which lengths a prefix can grow to, and random members."""

from __future__ import annotations

import random
from collections.abc import Iterable
from re import _constants as kinds
from re import _parser as parser

DIGITS = "0123456789"


class Language:
    """The digit strings that match one of some patterns as a whole. States are sets of the nodes of a Thompson automaton."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.silent: list[list[int]] = []
        self.loud: list[list[tuple[frozenset[str], int]]] = []
        self.ends: set[int] = set()
        self.masks: dict[frozenset[int], int] = {}
        self.steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        start = self.node()
        for pattern in patterns:
            self.ends.add(self.sequence(start, parser.parse(pattern)))
        self.start = self.closure({start})

    def node(self) -> int:
        self.silent.append([])
        self.loud.append([])
        return len(self.silent) - 1

    def sequence(self, at: int, parsed: Iterable) -> int:
        for kind, value in parsed:
            at = self.piece(at, kind, value)
        return at

    def piece(self, at: int, kind: object, value: object) -> int:
        if kind is kinds.SUBPATTERN:
            return self.sequence(at, value[-1])
        if kind is kinds.BRANCH:
            end = self.node()
            for branch in value[1]:
                fork = self.node()
                self.silent[at].append(fork)
                self.silent[self.sequence(fork, branch)].append(end)
            return end
        if kind is kinds.MAX_REPEAT:
            least, most, inner = value
            for _ in range(least):
                at = self.sequence(at, inner)
            end = self.node()
            self.silent[at].append(end)
            for _ in range(least, int(most)):
                at = self.sequence(at, inner)
                self.silent[at].append(end)
            return end
        if kind is kinds.AT and value is kinds.AT_END:
            return at
        end = self.node()
        self.loud[at].append((letters(kind, value), end))
        return end

    def closure(self, nodes: Iterable[int]) -> frozenset[int]:
        seen, todo = set(nodes), list(nodes)
        while todo:
            for other in self.silent[todo.pop()]:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return frozenset(seen)

    def step(self, state: frozenset[int], digit: str) -> frozenset[int]:
        key = (state, digit)
        if key not in self.steps:
            self.steps[key] = self.closure({to for node in state for those, to in self.loud[node] if digit in those})
        return self.steps[key]

    def mask(self, state: frozenset[int]) -> int:
        """The lengths of what leads from a state to an end, as bits."""
        if not state:
            return 0
        if state not in self.masks:
            mask = int(not self.ends.isdisjoint(state))
            for digit in DIGITS:
                mask |= self.mask(self.step(state, digit)) << 1
            self.masks[state] = mask
        return self.masks[state]

    def has(self, text: str) -> bool:
        state = self.start
        for digit in text:
            state = self.step(state, digit)
        return not self.ends.isdisjoint(state)

    def lengths(self) -> int:
        return self.mask(self.start)

    def draw(self, dice: random.Random, length: int) -> str:
        """A member of this length, digit by digit."""
        state, text = self.start, ""
        for left in range(length, 0, -1):
            open_digits = [digit for digit in DIGITS if self.mask(self.step(state, digit)) >> (left - 1) & 1]
            digit = dice.choice(open_digits)
            state, text = self.step(state, digit), text + digit
        return text


def letters(kind: object, value: object) -> frozenset[str]:
    if kind is kinds.LITERAL:
        return frozenset(chr(value))
    if kind is kinds.ANY:
        return frozenset(DIGITS)
    if kind is kinds.CATEGORY and value is kinds.CATEGORY_DIGIT:
        return frozenset(DIGITS)
    if kind is kinds.RANGE:
        return frozenset(chr(code) for code in range(value[0], value[1] + 1))
    if kind is kinds.IN:
        if value and value[0][0] is kinds.NEGATE:
            return frozenset(DIGITS) - frozenset().union(*(letters(*one) for one in value[1:]))
        return frozenset().union(*(letters(*one) for one in value))
    raise ValueError(f"a pattern with {kind}")


class Without:
    """The members of one language that another does not have, or has under other first digits."""

    def __init__(self, of: Language, but: Language, under: str = DIGITS) -> None:
        self.of, self.but, self.under = of, but, under
        self.masks: dict[tuple, int] = {}
        self.start = (of.start, but.start)

    def step(self, state: tuple, digit: str) -> tuple:
        kept = state != self.start or digit in self.under
        return self.of.step(state[0], digit), self.but.step(state[1], digit) if kept else frozenset()

    def mask(self, state: tuple) -> int:
        if not self.of.mask(state[0]):
            return 0
        if state not in self.masks:
            mask = int(not self.of.ends.isdisjoint(state[0]) and self.but.ends.isdisjoint(state[1]))
            for digit in DIGITS:
                mask |= self.mask(self.step(state, digit)) << 1
            self.masks[state] = mask
        return self.masks[state]


class Either:
    """The members of two languages."""

    def __init__(self, *languages: Language | Without) -> None:
        self.languages = languages
        self.start = tuple(one.start for one in languages)

    def step(self, state: tuple, digit: str) -> tuple:
        return tuple(one.step(at, digit) for one, at in zip(self.languages, state))

    def mask(self, state: tuple) -> int:
        mask = 0
        for one, at in zip(self.languages, state):
            mask |= one.mask(at)
        return mask
