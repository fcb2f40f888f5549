"""Run files of worked cases through `funnelkit.report`: `make cases CASES="file.json …"`.

Prints each case that fails, with its definition, what was expected and what came, then
`N passed, M failed`. A case that needs a feature which does not exist yet has failed, and says
which. The exit code is 1 if any case failed, 2 if a file cannot be read.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worked_case import PROJECT_CASES, export_line, read_cases

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worked_case import WorkedCase

NOT_YET: frozenset[str] = frozenset()
"""Features that do not exist yet. Take one off this list in the commit that adds it."""


def missing_features(case: WorkedCase) -> set[str]:
    """Return what the case needs and nobody has built, unknown keys included."""
    return {need for need in case.features if need in NOT_YET or need.startswith("the key ")}


def computed(
    case: WorkedCase,
    folder: Path,
    line: Callable[[dict[str, Any], int], str] = export_line,
    *,
    imported: bool = False,
) -> dict[str, Any]:
    """Return the case's answer in the form of its `expected`, with or without an import before."""
    import funnelkit as fk

    path = folder / f"{case.name}.jsonl"
    lines = [line(event, number) for number, event in enumerate(case.events, start=1)]
    path.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    if imported:
        path = fk.import_events(path, folder / "imported").output
    report = fk.report(path, funnel=case.funnel()).to_dict()
    return as_expected(report["segments"][0])


def as_expected(segment: dict[str, Any]) -> dict[str, Any]:
    """Return one segment of a report's JSON in the form of a case's `expected`."""
    return {
        "step_counts": [step["count"] for step in segment["steps"]],
        "groups": {
            group["name"]: [step["count"] for step in group["steps"]]
            for group in segment.get("groups", [])
        },
        "interval_series": {
            interval["name"][:10]: [step["count"] for step in interval["steps"]]
            for interval in segment.get("intervals", [])
            if interval["steps"][0]["count"]
        },
        "prev_step_count_distribution": [
            pair["units_by_times"] for pair in segment.get("frequency", [])
        ],
        "avg_trans_times_ms": _transitions(segment, "average_seconds"),
        "median_trans_times_ms": _transitions(segment, "median_seconds"),
    }


def _transitions(segment: dict[str, Any], name: str) -> list[int]:
    """Index 0 is the whole funnel, index k is step k to k + 1; whole milliseconds, truncated."""
    seconds = [segment[name], *(step[name] for step in segment["steps"][1:])]
    return [-1 if each is None else int(round(each * 1000, 6)) for each in seconds]


def differences(expected: dict[str, Any], came: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return (expected, came) of each number that differs; null in a list is not asserted."""
    return {
        name: (wanted, came.get(name))
        for name, wanted in expected.items()
        if not _agrees(wanted, came.get(name))
    }


def _agrees(wanted: Any, came: Any) -> bool:
    if not isinstance(wanted, list):
        return bool(wanted == came)
    if not isinstance(came, list) or len(wanted) != len(came):
        return False
    return all(each is None or each == other for each, other in zip(wanted, came, strict=True))


def verdict(case: WorkedCase, folder: Path) -> list[str]:
    """Return the reasons why the case fails; none if it passes."""
    missing = missing_features(case)
    if missing:
        return [f"not built yet: {', '.join(sorted(missing))}"]
    try:
        wrong = differences(case.expected, computed(case, folder))
    except Exception as error:  # noqa: BLE001 - one broken case must not hide the others
        came = f"{type(error).__name__}: {error}"
        return [f"expected {json.dumps(case.expected)}", f"came     {came}"]
    reasons = []
    for name, (wanted, came) in wrong.items():
        reasons += [f"expected {name} {json.dumps(wanted)}", f"came     {name} {json.dumps(came)}"]
    return reasons


def describe(case: WorkedCase) -> list[str]:
    """Return the definition and the events as lines to read."""
    asked = {key: value for key, value in case.definition.items() if value not in (None, [])}
    lines = [f"FAILED {case.name}"]
    lines += [f"  note     {case.content['note']}"] if "note" in case.content else []
    lines += [f"  funnel   {json.dumps(asked, ensure_ascii=False)}"]
    return lines + [f"  event    {json.dumps(event, ensure_ascii=False)}" for event in case.events]


def main(arguments: Sequence[str]) -> int:
    """Run every file that is named, or the project's own; return the exit code."""
    passed = failed = 0
    for path in [Path(name) for name in arguments] or [PROJECT_CASES]:
        try:
            cases = read_cases(path)
        except (OSError, ValueError, LookupError, TypeError) as error:
            sys.stderr.write(f"error: cannot read the cases of {path}: {error!r}\n")
            return 2
        with tempfile.TemporaryDirectory() as folder:
            for case in cases:
                reasons = verdict(case, Path(folder))
                if reasons:
                    failed += 1
                    lines = [*describe(case), *(f"  {each}" for each in reasons)]
                    sys.stdout.write("\n".join(lines) + "\n")
                else:
                    passed += 1
    sys.stdout.write(f"{passed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
