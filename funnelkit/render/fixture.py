"""What a fixture holds, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit.render.words import count, hanging
from funnelkit.specs.text import format_period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.verification.fixture import Fixture


def render_fixture(fixture: Fixture, *, format: str) -> str:  # noqa: A002 - the option's name
    """Return what was written as `table` or `json`."""
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(fixture.to_dict())
    return "\n".join(_lines(fixture)) + "\n"


def _lines(fixture: Fixture) -> Iterator[str]:
    of = f"{count(fixture.events)} of {count(fixture.source_events)} events"
    yield from hanging(
        "fixture",
        f"{fixture.path}: {of}, {count(fixture.users)} users, {count(fixture.size)} bytes",
    )
    ids = "with a key that was thrown away" if fixture.secret_key else "with the given key"
    yield from hanging("ids", f"hashed {ids}")
    yield from hanging("values", ", ".join(fixture.properties) or "none")
    if fixture.shift:
        for funnel in fixture.funnels:
            moved = f"moved by {fixture.shift.days} days: the dates are now "
            yield from hanging("times", moved + format_period(funnel.period))
    for file in fixture.cohort_files:
        yield from hanging("cohort", f"{file}: name this file in the segment")
    for result in fixture.results:
        for segment in result.segments:
            name = " ".join(filter(None, (result.funnel.name, f"({segment.name})")))
            counts = " > ".join(map(count, segment.counts))
            yield from hanging("same", f"{name}: {counts}")
