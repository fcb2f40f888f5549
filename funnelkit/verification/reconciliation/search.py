"""The search for the smallest change that makes every number match: one reading, then pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final, get_args

from funnelkit.verification.reconciliation.reading import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from funnelkit.verification.checks import Check, Measure
    from funnelkit.verification.reconciliation.reading import Reading

MOST_PAIRS: Final = 150
"""So many pairs are tried, those first that should come nearest."""

RARE: Final = 2
"""The likelihood of what is seldom the cause."""

MISSING: Final = 1_000_000.0
"""How far a number is off that is not there at all."""

ORDER: Final[tuple[Family, ...]] = get_args(Family)
LAST: Final = ("upload time", "cut at the end")
"""What goes by the dates, and so comes after them where two readings are applied."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The numbers of a definition beside the expected ones."""

    checks: tuple[Check, ...]

    @property
    def agrees(self) -> bool:
        """Whether every number is as expected."""
        return all(check.verdict == "pass" for check in self.checks)

    @property
    def off(self) -> float:
        """How far the numbers are off, all together."""
        return sum(_off(check) for check in self.checks)

    @property
    def found(self) -> Mapping[Measure, float | None]:
        """The numbers by what they are of; a number of nobody is left out."""
        return {check.measure: check.found for check in self.checks if check.found}

    @property
    def matching(self) -> int:
        """How many numbers are as expected."""
        return sum(check.verdict == "pass" for check in self.checks)


@dataclass(frozen=True, slots=True)
class Tried:
    """Readings that were applied together, and what came of it."""

    readings: tuple[Reading, ...]
    answer: Answer

    @property
    def words(self) -> str:
        """What was read otherwise."""
        return ", and ".join(reading.words for reading in self.readings)

    @property
    def rank(self) -> tuple[int, int]:
        """Fewer readings first, then the likelier ones."""
        return len(self.readings), sum(reading.likely for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Search:
    """What was tried. `alike` groups what matches by what no number here tells apart.

    `matching` are the readings, or pairs, with which every number is as expected, the likeliest
    first; `nearest` those that come nearest where none does; `without_effect` those that change no
    number here.
    """

    base: Answer
    matching: tuple[Tried, ...]
    nearest: tuple[Tried, ...]
    without_effect: tuple[Tried, ...]
    asked: int


@dataclass(slots=True)
class _Asking:
    """Asks, counts how often, and keeps what came of it."""

    question: Callable[[tuple[Reading, ...]], Answer | None]
    asked: int = 1
    tried: list[Tried] = field(default_factory=list)

    def ask(self, readings: tuple[Reading, ...]) -> Answer | None:
        self.asked += 1
        return self.question(readings)

    def try_out(self, readings: tuple[Reading, ...]) -> None:
        answer = self.ask(readings)
        if answer is not None:
            self.tried.append(Tried(readings, answer))

    @property
    def matching(self) -> list[Tried]:
        return [one for one in self.tried if one.answer.agrees]


def search(
    readings: Sequence[Reading],
    ask: Callable[[tuple[Reading, ...]], Answer | None],
    *,
    most_pairs: int = MOST_PAIRS,
    fit: Callable[[Callable[[tuple[Reading, ...]], Answer | None], Answer], Reading | None]
    | None = None,
) -> Search:
    """Return what the readings make of the numbers, one by one, and in pairs if none suffices.

    `ask` returns the numbers with readings applied; None where they do not go together. `fit`
    returns a reading that is chosen by the numbers, if no other suffices.
    """
    base = ask(())
    assert base is not None  # noqa: S101 - the definition itself always goes
    asking = _Asking(ask)
    for wave in _waves(readings) if not base.agrees else ():
        for reading in wave:
            asking.try_out((reading,))
        if asking.matching:
            break
    if not asking.matching and fit is not None and not base.agrees:
        fitted = fit(asking.ask, base)
        if fitted is not None:
            asking.try_out((fitted,))
    tried = asking.tried
    changing = [one for one in tried if one.answer.found != base.found]
    without_effect = tuple(one for one in tried if one.answer.found == base.found)
    if not asking.matching:
        for pair in _pairs(_told_apart(changing), base)[:most_pairs]:
            asking.try_out(pair)
    matching = asking.matching
    nearer = sorted(
        (one for one in tried if one.answer.off < base.off),
        key=lambda one: (one.answer.off, one.rank),
    )
    return Search(
        base=base,
        matching=tuple(sorted(matching, key=lambda one: one.rank)),
        nearest=tuple(nearer) if not matching else (),
        without_effect=without_effect,
        asked=asking.asked,
    )


def _waves(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Yield what is often the cause, then the rest, which need not be asked if the former fits."""
    yield [reading for reading in readings if reading.likely < RARE]
    yield [reading for reading in readings if reading.likely >= RARE]


def _told_apart(tried: Sequence[Tried]) -> list[Tried]:
    """Return one of all that have the same numbers and are of a kind: the likeliest."""
    found: dict[tuple[object, ...], Tried] = {}
    for one in sorted(tried, key=lambda each: each.rank):
        key = (one.readings[0].family, frozenset(one.answer.found.items()))
        found.setdefault(key, one)
    return list(found.values())


def _pairs(tried: Sequence[Tried], base: Answer) -> list[tuple[Reading, ...]]:
    """Return pairs of readings of different kinds, those first whose effects should add up."""
    vectors = [(one, _vector(one.answer)) for one in tried]
    start = _vector(base)
    expected = {check.measure: check.expected or 0.0 for check in base.checks}
    found: list[tuple[float, int, int, tuple[Reading, ...]]] = []
    for (one, left), (other, right) in combinations(vectors, 2):
        first, second = one.readings[0], other.readings[0]
        if first.family == second.family:
            continue
        measures = {*expected, *left, *right}
        off = sum(
            abs(
                expected.get(measure, 0.0)
                - left.get(measure, 0.0)
                - right.get(measure, 0.0)
                + start.get(measure, 0.0)
            )
            for measure in measures
        )
        pair = (second, first) if _place(second) < _place(first) else (first, second)
        found.append((off, first.likely + second.likely, len(found), pair))
    found.sort(key=lambda each: each[:3])
    return [pair for _off, _likely, _place, pair in found]


def _place(reading: Reading) -> tuple[bool, int]:
    return reading.family in LAST, ORDER.index(reading.family)


def _vector(answer: Answer) -> dict[Measure, float]:
    return {
        check.measure: check.found or 0.0
        for check in answer.checks
        if check.measure.metric == "count"
    }


def _off(check: Check) -> float:
    if check.verdict == "pass":
        return 0.0
    if check.found is None:
        return abs(check.expected) if check.expected is not None else MISSING
    return abs(check.found - (check.expected or 0.0))
