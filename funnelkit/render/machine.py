"""Results for programs: JSON and CSV, with raw counts and full-precision fractions."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from funnelkit.result.records import columns, records

if TYPE_CHECKING:
    from funnelkit.result import FunnelResult


def to_json(content: dict[str, Any]) -> str:
    """Return one JSON object, indented, in UTF-8 as it is."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def report_csv(result: FunnelResult, view: str = "steps") -> str:
    """Return a view as one table with a header; missing values are empty (RFC 4180).

    Instants are in ISO 8601, UTC.
    """
    text = io.StringIO()
    names = list(columns(result, view))
    writer = csv.writer(text)
    writer.writerow(names)
    for record in records(result, view):
        writer.writerow([_plain(record.get(name)) for name in names])
    return text.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else value
