"""A trace in the format that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from funnelkit.model import NONE
from funnelkit.render.definition import definition
from funnelkit.render.words import INDENT, LINE, count, fit, hanging, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from funnelkit.result.trace import Attempt, Trace, TracedEvent, UnitTrace

NUMBER = 4
FITS = 8
FILLS = 12


def render_trace(found: Trace, *, format: str) -> str:  # noqa: A002 - the option's name
    """Return the trace as `table` or `json`."""
    if format == "json":
        from funnelkit.render.machine import to_json

        return to_json(found.to_dict())
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Trace) -> Iterator[str]:
    for heading, words in definition(found.funnel):
        yield from hanging(heading, words)
    series = found.segment if found.variant is None else f"{found.segment}, {found.variant}"
    yield from hanging("traced", f"{found.user}, among {series}: {count(found.events)} events")
    zone = ZoneInfo(found.funnel.timezone)
    for unit in found.units:
        yield ""
        yield from _unit(unit, zone, len(found.funnel.steps))


def _unit(unit: UnitTrace, zone: ZoneInfo, last: int) -> Iterator[str]:
    named = ", ".join(f"{name} {text}" for name, text in unit.names)
    yield from hanging("unit", f"{named}: {unit.verdict}")
    yield ""
    times = [_clock(event.time, zone) for event in unit.events]
    wide = max(map(len, times))
    room = LINE - NUMBER - wide - FITS - FILLS - 4
    yield f"{'':{NUMBER}} {'time':{wide}}  {fit('event', room)} {'fits':{FITS}}fills"
    for number, (event, time) in enumerate(zip(unit.events, times, strict=True), 1):
        name = fit(event.event_type, room)
        line = f"{number:>{NUMBER}} {time:{wide}}  {name} {_steps(event.fits):{FITS}}"
        yield (line + _fills(event)).rstrip()
        for words in _beside(event):
            yield from _indented(words)
    if unit.attempts:
        paths = any(event.path for event in unit.events)
        yield ""
        yield "paths" if paths else "attempts"
    for number, attempt in enumerate(unit.attempts, 1):
        yield from _attempt(number, attempt, zone, last, counted=len(unit.attempts) > 1)


def _attempt(
    number: int, attempt: Attempt, zone: ZoneInfo, last: int, *, counted: bool
) -> Iterator[str]:
    filled = ", ".join(map(str, attempt.events))
    words = f"{attempt.steps} of {last} steps, by {_noun('event', attempt.events)} {filled}"
    if counted and attempt.counts:
        words += "; counts"
    yield f"{number:>{NUMBER}} {_clock(attempt.entered, zone)}  {words}"
    if attempt.stopped is None:
        yield from _indented("converted")
    else:
        yield from _indented(f"window over at {_clock(attempt.window_over, zone)}")
        yield from _indented(attempt.stopped)


def _beside(event: TracedEvent) -> Iterator[str]:
    if said := [f"{name} = {text}" for name, text in event.properties if text != NONE]:
        yield ", ".join(said)
    if event.bars:
        pairs = " and ".join(f"{first} and {second}" for first, second in event.bars)
        yield f"must not happen between steps {pairs}"
    if event.note is not None:
        yield f"no entry: {event.note}"


def _fills(event: TracedEvent) -> str:
    if event.path is None:
        return _steps(event.fills)
    return f"{_steps(event.fills)} (path {event.path})"


def _steps(steps: Sequence[int]) -> str:
    return ", ".join(map(str, steps))


def _noun(noun: str, several: Sequence[object]) -> str:
    return noun if len(several) == 1 else f"{noun}s"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time on the clocks of the zone, with a fraction only if there is one."""
    local = moment.astimezone(zone)
    fraction = f"{local:.%f}".rstrip("0").rstrip(".")
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction}"


def _indented(words: str) -> Iterator[str]:
    """Yield the words below an event, in lines of at most 80 columns."""
    for line in hanging("", visible(words)):
        yield line[INDENT - NUMBER - 1 :]
