"""An event store in words, or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from funnelkit.events.store.profile import StoreInfo
    from funnelkit.events.store.versions import Held


def render_info(found: StoreInfo, *, format: str) -> str:  # noqa: A002 - the option's name
    """Return what is in a store as `table` or `json`."""
    if format == "json":
        return _json(found.to_dict())
    lines = {
        "store": f"{found.folder}, version {found.version} (format {found.format})",
        "events": f"{found.events:,}",
        "times": "none"
        if found.first is None
        else f"{_short(found.first)} to {_short(found.last)} UTC",
        "layout": f"{_some(found.months, 'month')}, {_some(found.buckets, 'bucket')} of users",
        "files": f"{found.files:,}, {size(found.bytes)}; {found.loose:,} can be compacted",
        "columns": _some(found.properties, "property", "properties"),
        "imports": _some(found.imports, "file"),
    }
    if found.kept:
        lines["kept"] = f"{size(found.kept)} of what reports selected; vacuum erases it"
    return "".join(f"{name:8} {text}\n" for name, text in lines.items())


def render_versions(found: Sequence[Held], *, format: str) -> str:  # noqa: A002 - the option's name
    """Return the versions of a store, the newest first, as `table` or `json`."""
    if format == "json":
        return _json(
            {"schema": "funnelkit.store.versions/1", "versions": [_record(o) for o in found]}
        )
    lines = [f"{'version':>7}  {'time (UTC)':20} {'what':8} {'events':>12}"]
    for one in reversed(found):
        version = one.version
        events = "" if version.events is None else f"{version.events:+,}"
        gone = "" if one.readable else "  erased"
        done = f"{_short(version.time):20} {version.operation:8} {events:>12}{gone}"
        lines.append(f"{version.number:7}  {done}".rstrip())
    return "\n".join(lines) + "\n"


def _record(one: Held) -> dict[str, Any]:
    return {
        "version": one.version.number,
        "time": one.version.time.isoformat(),
        "operation": one.version.operation,
        "events": one.version.events,
        "readable": one.readable,
    }


def size(count: int) -> str:
    """Return bytes in words."""
    amount = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004 - the next unit
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _json(content: dict[str, Any]) -> str:
    from funnelkit.render.machine import to_json

    return to_json(content)


def _some(count: int, what: str, several: str | None = None) -> str:
    return f"{count:,} {what if count == 1 else several or what + 's'}"


def _short(moment: datetime | None) -> str:
    return "" if moment is None else moment.replace(tzinfo=None).isoformat(" ", "seconds")
