"""Counts that a funnel is expected to have: exact, in the order of the steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from funnelkit.errors import CheckFailed, DefinitionError
from funnelkit.verification.culprit import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult
    from funnelkit.verification.culprit import Culprit
    from funnelkit.verification.reconciliation.explanation import Explanation

VERIFY_SCHEMA = "funnelkit.verify/1"


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer of `funnelkit.verify`: expected and found units per step.

    `explanation` is what was found when it was asked why they differ.
    """

    result: FunnelResult
    expected: tuple[int, ...]
    explanation: Explanation | None = None

    @property
    def found(self) -> tuple[int, ...]:
        """Units per step as computed."""
        return self.result.counts

    @property
    def ok(self) -> bool:
        """Whether every step has exactly the expected count."""
        return self.found == self.expected

    @property
    def differing_steps(self) -> tuple[int, ...]:
        """The steps, counted from 1, whose counts differ."""
        pairs = zip(self.expected, self.found, strict=True)
        return tuple(step for step, (want, have) in enumerate(pairs, 1) if want != have)

    @property
    def culprits(self) -> tuple[Culprit, ...]:
        """Who changed, where a count differs: without a lock nobody can be named."""
        return () if self.ok else (UNKNOWN,)

    def raise_if_failed(self) -> None:
        """Raise `CheckFailed` unless every count holds."""
        if not self.ok:
            steps = ", ".join(map(str, self.differing_steps))
            causes = "".join(f"; {culprit.words}" for culprit in self.culprits)
            raise CheckFailed(f"the counts differ at step {steps}{causes}")

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values; the schema is `funnelkit.verify/1`."""
        return {
            "schema": VERIFY_SCHEMA,
            "ok": self.ok,
            "expected": list(self.expected),
            "found": list(self.found),
            "differing_steps": list(self.differing_steps),
            "culprits": [{"who": one.who, "words": one.words} for one in self.culprits],
            **({} if self.explanation is None else {"why": self.explanation.to_dict()}),
            "report": self.result.to_dict(),
        }

    def to_polars(self) -> pl.DataFrame:
        """Return one row per step: step, event, expected, found, difference."""
        import polars as pl

        steps = self.result.segments[0].steps
        return pl.DataFrame(
            [
                {
                    "step": step.step,
                    "event": step.event,
                    "expected": wanted,
                    "found": step.count,
                    "difference": step.count - wanted,
                }
                for step, wanted in zip(steps, self.expected, strict=True)
            ]
        )

    def _repr_html_(self) -> str:
        """Return the verdict and a table of the counts for a notebook."""
        from html import escape

        steps = self.result.segments[0].steps
        rows = "".join(
            f"<tr><td>{escape(step.event)}</td><td>{wanted:,}</td><td>{step.count:,}</td></tr>"
            for step, wanted in zip(steps, self.expected, strict=True)
        )
        verdict = "ok" if self.ok else "the counts differ"
        heads = "<tr><th>step</th><th>expected</th><th>found</th></tr>"
        return f"<table><caption>{verdict}</caption>{heads}{rows}</table>"

    def __repr__(self) -> str:
        verdict = "ok" if self.ok else f"differs at step {self.differing_steps}"
        return f"Verification({verdict}: expected {self.expected}, found {self.found})"


def expected_counts(expect: str | Sequence[int], funnel: Funnel) -> tuple[int, ...]:
    """Return the expected counts, one per step.

    Raises:
        DefinitionError: not one whole number per step; or the funnel leaves the window to the
            default, which Amplitude's chart (1 day) and API (30 days) do not share.
    """
    if funnel.window is None:
        raise DefinitionError(
            "a verification states its window: Amplitude's API takes 30 days by default, its chart"
            ' 1 day; say --window 30d, or window = "30d" in the funnel file'
        )
    several = len(funnel.segments) > 1 or len(funnel.variants()) > 1
    if several or funnel.group_by is not None:
        raise DefinitionError(
            "a verification has one series: no --group-by, no optional step or compared event, at "
            "most one segment"
        )
    counts = _numbers(expect) if isinstance(expect, str) else tuple(expect)
    if len(counts) != len(funnel.steps):
        raise DefinitionError(
            f"{len(funnel.steps)} steps have {len(funnel.steps)} counts, not {len(counts)}: give "
            'one per step, --expect "1177, 638, 448, 417"'
        )
    for number, (before, after) in enumerate(pairwise(counts), 2):
        if after > before:
            raise DefinitionError(
                f"no funnel can have these counts: step {number} with {after} follows {before}"
            )
    if counts[-1] < 0:
        raise DefinitionError(f"a count is not negative; got {counts[-1]}")
    return counts


def _numbers(text: str) -> tuple[int, ...]:
    parts = [part.strip().replace("_", "") for part in text.split(">" if ">" in text else ",")]
    for part in parts:
        if not part.isascii() or not part.isdigit():
            raise DefinitionError(
                f"expected counts are whole numbers between commas, '1177, 638'; got {part!r}"
            )
    return tuple(int(part) for part in parts)
