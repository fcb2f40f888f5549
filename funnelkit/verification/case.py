"""A case: a funnel, its events, and what is expected; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.verification.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from funnelkit.errors import FunnelkitError
    from funnelkit.model import Funnel
    from funnelkit.result import FunnelResult
    from funnelkit.verification.checks import Comparison
    from funnelkit.verification.culprit import Culprit
    from funnelkit.verification.expected import Expectation
    from funnelkit.verification.lock import Lock
    from funnelkit.verification.reconciliation.explanation import Explanation

Outcome = Literal["pass", "warn", "fail", "undecided", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One funnel to be verified.

    `events` are what `report` takes; empty where nobody said. `expectations` are held one after the
    other. `source` is the file that the case comes from, `chart` the id of Amplitude's chart.
    `lock_path` is where its lock is, or would be.
    """

    name: str
    funnel: Funnel
    events: Any = ()
    columns: Mapping[str, str] | str | None = None
    expectations: tuple[Expectation, ...] = ()
    terms: Terms = field(default_factory=Terms)
    source: Path | None = None
    lock: Lock | None = None
    lock_path: Path | None = None
    chart: str | None = None

    @property
    def title(self) -> str:
        """The file and the name."""
        return f"{self.source}:{self.name}" if self.source is not None else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of a case.

    `comparison` and `result` are None where the case could not be run: then `error` says why.
    `culprits` are named where something failed; `not_checkable` are parts of the definition that no
    export of events contains. `explanation` is what was found when it was asked why the numbers
    differ. `seconds` is how long it took.
    """

    case: Case
    comparison: Comparison | None = None
    result: FunnelResult | None = None
    culprits: tuple[Culprit, ...] = ()
    not_checkable: tuple[str, ...] = ()
    error: FunnelkitError | None = None
    explanation: Explanation | None = None
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return "error" if self.comparison is None else self.comparison.verdict

    @property
    def cause(self) -> str:
        """One line: why it did not pass; nothing where it did."""
        if self.error is not None:
            return str(self.error)
        if self.comparison is None or self.outcome == "pass":
            return ""
        checks = self.comparison.of(self.outcome)  # type: ignore[arg-type]
        first = checks[0].words
        more = f" (and {len(checks) - 1} more)" if len(checks) > 1 else ""
        if checks[0].reason is not None and all(
            one.difference == 0 and one.reason == checks[0].reason for one in checks
        ):  # no number is to blame
            first, more = checks[0].reason, ""
        found = [culprit.words for culprit in self.culprits]
        if self.explanation is not None and self.explanation.certainty == "cause":
            found.append(self.explanation.words)
        blamed = "; ".join(found)
        return f"{first}{more}; {blamed}" if blamed and self.outcome == "fail" else first + more

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        checks = () if self.comparison is None else self.comparison.checks
        return {
            "name": self.case.name,
            "file": None if self.case.source is None else str(self.case.source),
            "outcome": self.outcome,
            "cause": self.cause or None,
            "culprits": [{"who": one.who, "words": one.words} for one in self.culprits],
            "not_checkable": list(self.not_checkable),
            **({} if self.explanation is None else {"why": self.explanation.to_dict()}),
            "seconds": round(self.seconds, 3),
            "checks": [check.to_dict() for check in checks],
            "report": None if self.result is None else self.result.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRun:
    """All cases of a run, in order.

    `deselected` were not chosen; `not_run` would have come after the first that did not pass.
    """

    results: tuple[CaseResult, ...]
    deselected: int = 0
    not_run: int = 0

    @property
    def ok(self) -> bool:
        """Whether every case passed, or only warned."""
        return all(one.outcome in {"pass", "warn"} for one in self.results)

    def of(self, *outcomes: Outcome) -> tuple[CaseResult, ...]:
        """Return the results that ended so."""
        return tuple(one for one in self.results if one.outcome in outcomes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; the schema is `funnelkit.verification/1`."""
        return {
            "schema": "funnelkit.verification/1",
            "ok": self.ok,
            "deselected": self.deselected,
            "not_run": self.not_run,
            "cases": [one.to_dict() for one in self.results],
        }

    def raise_if_failed(self, *, unchecked: Literal["error", "fail", "skip"] = "error") -> None:
        """Raise what the worst case deserves; nothing where all is well.

        `unchecked` says what a case is that could not be checked: exit code 5, a failure, or
        nothing.

        Raises:
            CheckFailed: a number does not hold.
            DefinitionError, DataError: a case could not be run for a reason of ours.
            CouldNotCheck: a case is undecided, or Amplitude did not answer.
        """
        from funnelkit.errors import CheckFailed, CouldNotCheck

        failed = self.of("fail")
        open_ = [
            one
            for one in self.of("undecided", "error")
            if one.error is None or isinstance(one.error, CouldNotCheck)
        ]
        broken = [one for one in self.of("error") if one not in open_]
        if unchecked == "fail":
            failed = tuple(one for one in self.results if one in failed or one in open_)
        if failed:
            raise CheckFailed(_lines(failed))
        if broken:
            error = broken[0].error
            assert error is not None  # noqa: S101 - a case without a comparison has an error
            raise type(error)(_lines(broken))
        if open_ and unchecked == "error":
            raise CouldNotCheck(_lines(open_))


def _lines(results: Iterable[CaseResult]) -> str:
    return "\n       ".join(f"{one.case.name}: {one.cause}" for one in results)
