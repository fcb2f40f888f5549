"""The list behind a bar in the format that was asked for."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from funnelkit.render.definition import definition
from funnelkit.render.words import LINE, count, duration, fit, hanging, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.result.people import Bar, UserList

GAP = "  "
ENTERED = 19
TOOK = 7
NARROW = 6
ID_NAMES = ("amplitude_id", "user_id", "device_id")


def render_users(found: UserList, *, format: str) -> str | bytes:  # noqa: A002 - the option's name
    """Return the list as `table`, `json`, `csv` or `parquet`."""
    match format:
        case "json":
            from funnelkit.render.machine import to_json

            return to_json(found.to_dict())
        case "csv":
            return _csv(found)
        case "parquet":
            content = io.BytesIO()
            found.to_polars().write_parquet(content)
            return content.getvalue()
    return "\n".join(_table(found)) + "\n"


def _csv(found: UserList) -> str:
    """Return one line for each; times in UTC, to the microsecond; what is missing is empty."""
    if not isinstance(found.columns[0].values, list):
        import polars as pl

        times = [column.name for column in found.columns if column.kind == "time"]
        written = pl.col(times).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f+00:00")
        return found.to_polars().with_columns(written).write_csv(line_terminator="\r\n")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in found.columns])
    writer.writerows(map(_cell, row) for row in found.rows())
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _table(found: UserList) -> Iterator[str]:
    for heading, words in definition(found.funnel):
        yield from hanging(heading, words)
    yield from hanging("bar", bar_words(found.bar))
    yield ""
    yield f"{count(len(found))} {found.funnel.noun}{'s' if len(found) != 1 else ''}"
    if not len(found):
        return
    zone = ZoneInfo(found.funnel.timezone)
    columns = {column.name: list(column.values) for column in found.columns}
    texts = dict(_texts(found, columns, zone))
    widths = _widths(texts)
    heads = [fit(name, wide) for name, wide in widths.items()]
    yield GAP.join([*heads, f"{'entered':{ENTERED}}", "steps", f"{'took':>{TOOK}}"])
    steps = [columns[f"step_{k}"] for k in range(1, len(found.funnel.steps) + 1)]
    for line, done in enumerate(columns["steps"]):
        named = [fit(texts[name][line], wide) for name, wide in widths.items()]
        times = sorted(time for step in steps if (time := step[line]) is not None)
        took = duration((times[-1] - times[0]).total_seconds()) if len(times) > 1 else ""
        entered = local(steps[0][line], zone)
        yield GAP.join([*named, entered, f"{done:>5}", f"{took:>{TOOK}}"]).rstrip()


def bar_words(bar: Bar) -> str:
    """Return in words which bar is meant."""
    parts = [bar.words, bar.segment]
    parts += [] if bar.variant is None else [bar.variant]
    parts += [] if bar.group is None else [f"group {bar.group}"]
    parts += [] if bar.interval is None else [f"entered in the interval of {bar.interval}"]
    return ", ".join(parts)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time on the clocks of the zone, to the second."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _texts(
    found: UserList, columns: dict[str, list[Any]], zone: ZoneInfo
) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns that name a line; of the ids, the one that is filled."""
    who = [column.name for column in found.columns[: found.who]]
    ids = [name for name in who if name in ID_NAMES]
    if ids:
        filled = [name for name in ids if any(each is not None for each in columns[name])]
        lines = zip(*(columns[name] for name in ids), strict=True)
        yield (
            filled[0] if len(filled) == 1 else "user",
            [str(next(each for each in line if each is not None)) for line in lines],
        )
    for name in [name for name in who if name not in ids]:
        yield name, [local(v, zone) if isinstance(v, datetime) else v for v in columns[name]]
    if "group" in columns:
        yield "group", columns["group"]


def _widths(texts: dict[str, list[str]]) -> dict[str, int]:
    """Return the width of each column: what it needs, or an equal part of what there is."""
    room = LINE - ENTERED - len("steps") - TOOK - len(GAP) * (len(texts) + 2)
    needed = {name: max(map(width, [name, *values])) for name, values in texts.items()}
    most = max(needed.values())
    while most > NARROW and sum(min(wide, most) for wide in needed.values()) > room:
        most -= 1
    return {name: min(wide, most) for name, wide in needed.items()}
