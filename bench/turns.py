"""Contenders that run in turns, the answers that must agree, and the bounds of what was measured.

A shared machine slows down and recovers from one second to the next. So all contenders run in
turns, several times; and a ratio is the median of the ratios inside a turn.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that runs on some data, and the units per step that it finds.

    Where it finds no such thing, `run` returns None. Contenders with the same `question` have to
    agree. What is slow runs in `most_rounds` turns only.
    """

    name: str
    data: str
    run: Callable[[], Counts | None]
    question: str = ""
    most_rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds by the clock, and those of all processors, that a contender took in each turn."""

    contender: Contender
    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median by the clock."""
        return statistics.median(self.clock)

    @property
    def cpu_seconds(self) -> float:
        """The median of the processors."""
        return statistics.median(self.cpu)

    def over(self, other: Times) -> float:
        """Return how many times as long as the other it took."""
        return statistics.median(a / b for a, b in zip(self.clock, other.clock, strict=False))

    def cpu_over(self, other: Times) -> float:
        """Return how many times as much of the processors as the other it took."""
        return statistics.median(a / b for a, b in zip(self.cpu, other.cpu, strict=False))


def take_turns(contenders: Iterable[Contender], rounds: int) -> list[Times]:
    """Run all in turns; return what each took, without a first turn, which warms up.

    Raises:
        SystemExit: two answers to one question differ.
    """
    found = [Times(contender) for contender in contenders]
    for turn in range(rounds + 1):
        answers: dict[str, dict[tuple[str, str], Counts]] = {}
        for times in found:
            contender = times.contender
            if contender.most_rounds is not None and turn > contender.most_rounds:
                continue
            clock, cpu = time.perf_counter(), time.process_time()
            counts = contender.run()
            if turn:
                times.clock.append(time.perf_counter() - clock)
                times.cpu.append(time.process_time() - cpu)
            if counts is not None:
                told = answers.setdefault(contender.question, {})
                told[contender.name, contender.data] = counts
        for told in answers.values():
            if len(set(told.values())) != 1:
                raise SystemExit(f"the answers differ: {told}")
    return found


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a figure has to keep: it is at least, or at most, so much."""

    least: float | None = None
    most: float | None = None

    def kept_by(self, figure: float) -> bool:
        """Return whether the figure is within the bound."""
        if self.least is not None and figure < self.least:
            return False
        return self.most is None or figure <= self.most

    def verdict(self, figure: float) -> str:
        """Return the bound, and whether the figure keeps it."""
        words = f"at most {self.most:,.9g}" if self.least is None else f"at least {self.least:,.9g}"
        return f"(target {words}: {'reached' if self.kept_by(figure) else 'MISSED'})"
