"""Funnels as tests of pytest: every `*.funnel.toml` is collected, and fixtures hold events.

Collecting reads names only: nothing heavy is imported before a funnel runs.
"""

from __future__ import annotations

import json
import tomllib
import warnings
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - pytest reads the annotations
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from funnelkit.result import FunnelResult
    from funnelkit.verification.case import CaseResult, VerificationRun

ENDING = ".funnel.toml"


class FunnelWarning(UserWarning):
    """A funnel's numbers differ, but no more than its file allows."""


class FunnelFailed(AssertionError):  # noqa: N818 - a verdict, not a fault
    """A funnel's numbers do not hold; the text is the table of those that differ."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a funnel is that could not be checked."""
    words = "a funnel that cannot be checked (not settled): skip (default) or fail"
    group = parser.getgroup("funnelkit")
    group.addoption("--funnel-unchecked", choices=("skip", "fail"), default=None, help=words)
    parser.addini("funnel_unchecked", words, default="skip")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> FunnelFile | None:
    """Collect the funnels of a file whose name ends in `.funnel.toml`."""
    if file_path.name.endswith(ENDING):
        file: FunnelFile = FunnelFile.from_parent(parent, path=file_path)
        return file
    return None


class FunnelFile(pytest.File):
    """A file of funnels: one test for each."""

    def collect(self) -> Iterator[FunnelItem]:
        """Yield the funnels by name. A file that is no TOML is one test, which fails."""
        for name in _names(self.path):
            yield FunnelItem.from_parent(self, name=name)


class FunnelItem(pytest.Item):
    """A funnel against what its file expects."""

    def runtest(self) -> None:
        """Verify the funnel; raise, skip or warn as it deserves."""
        from funnelkit.api.cases import cases_of
        from funnelkit.api.verify_files import verify_case

        cases = [case for case in cases_of([self.path]) if case.name == self.name]
        result = verify_case(cases[0])
        if result.error is not None and result.error.exit_code != 5:  # noqa: PLR2004
            raise result.error
        match result.outcome:
            case "fail":
                raise FunnelFailed(_table(result))
            case "undecided" | "error":
                self._unchecked(result)
            case "warn":
                warnings.warn(f"{self.name}: {result.cause}", FunnelWarning, stacklevel=1)

    def _unchecked(self, result: CaseResult) -> None:
        chosen = self.config.getoption("--funnel-unchecked")
        if (chosen or self.config.getini("funnel_unchecked")) == "fail":
            raise FunnelFailed(_table(result))
        pytest.skip(result.cause)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,
    ) -> Any:
        """Return the table of numbers, or the error's text: a traceback would not help."""
        from funnelkit.errors import FunnelkitError

        if isinstance(excinfo.value, (FunnelFailed, FunnelkitError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the file and the name."""
        return self.path, None, f"funnel {self.name}"


class EventLog:
    """Events as JSON lines in a file, which an application under test, or a test, writes.

    `path` is the file. `track` adds one event. `report` and `expect` read what is there by then.
    """

    def __init__(self, path: Path) -> None:
        """Begin an empty log."""
        self.path = path
        self.path.touch()

    def track(
        self,
        event_type: str,
        *,
        user_id: str,
        time: datetime | None = None,
        **event_properties: Any,
    ) -> None:
        """Add an event, by default of now, as Amplitude's HTTP V2 API takes it."""
        moment = time or datetime.now(UTC)
        event = {
            "event_type": event_type,
            "user_id": user_id,
            "time": int(moment.timestamp() * 1000),
            "event_properties": event_properties,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def report(self, steps: str, **definition: Any) -> FunnelResult:
        """Return the funnel of the events: `funnelkit.report`."""
        from funnelkit import api

        return api.report(self.path, steps=steps, **definition)

    def expect(self, steps: str, counts: str, *, window: str = "1d", **definition: Any) -> None:
        """Raise `FunnelFailed` unless the funnel has these counts, `"10, 4"`."""
        verify_events(self.path, steps=steps, expect=counts, window=window, **definition)


def verify_events(events: Any, **said: Any) -> VerificationRun:
    """Return the run of one funnel over `events`: `funnelkit.verify_files`' arguments.

    Raises:
        FunnelFailed: a number does not hold, or could not be checked.
    """
    from funnelkit import api
    from funnelkit.render.verification_run import render_run

    run = api.verify_files((), events=events, **said)
    if not run.ok:
        raise FunnelFailed(render_run(run, format="table"))
    return run


@pytest.fixture
def event_log(tmp_path: Path) -> EventLog:
    """Return an empty `EventLog` in the test's own folder."""
    return EventLog(tmp_path / "events.jsonl")


@pytest.fixture
def verify_funnel() -> Callable[..., VerificationRun]:
    """Return `verify_events`: `verify_funnel(events, steps=…, window=…, expect="10, 4")`."""
    return verify_events


def _names(path: Path) -> list[str]:
    name = path.name.removesuffix(ENDING)
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return [name]  # running it says what is wrong
    funnels = document.get("funnels")
    return [*funnels] if isinstance(funnels, dict) and funnels else [name]


def _table(result: CaseResult) -> str:
    from funnelkit.render.verification_run import render_run
    from funnelkit.verification.case import VerificationRun

    return render_run(VerificationRun(results=(result,)), format="table")
