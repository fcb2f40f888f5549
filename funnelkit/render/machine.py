"""Results for programs: JSON and CSV, with raw counts and full-precision fractions."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnelkit.result import FunnelResult

REPORT_COLUMNS = (
    "segment", "group", "step", "event", "count", "conversion_from_start",
    "conversion_from_previous", "drop_off", "average_seconds", "median_seconds",
)  # fmt: skip


def to_json(content: dict[str, Any]) -> str:
    """Return one JSON object, indented, in UTF-8 as it is."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def report_csv(result: FunnelResult) -> str:
    """Return one line per segment, group and step; missing values are empty (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(REPORT_COLUMNS)
    for segment, group, series in result.series():
        for step in series.steps:
            writer.writerow([segment, group, *(getattr(step, c) for c in REPORT_COLUMNS[2:])])
    return text.getvalue()
