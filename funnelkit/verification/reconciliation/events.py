"""Readings of the dates and of the events: time zone, days, upload time, ids, copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from funnelkit.events.columns import IDS
from funnelkit.events.settled import LEFT_OUT
from funnelkit.events.view import UPLOADED, has_copies, other_times
from funnelkit.specs.text import format_period
from funnelkit.verification.reconciliation.reading import Reading, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.table import EventTable
    from funnelkit.events.view import IdRole
    from funnelkit.model import Funnel, Period

DAY: Final = timedelta(days=1)
ZONES: Final = (
    "UTC", "America/Los_Angeles", "America/New_York", "America/Chicago", "America/Denver",
    "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Moscow", "Asia/Dubai",
    "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
MOST_IMPORTED: Final = 2_000_000
"""So many events are read into memory to find their ids, to try how they would be then."""

BROKEN: Final = ("America/St_Johns", "Asia/Tehran", "Asia/Kathmandu", "Australia/Adelaide")
"""Zones that are not whole hours from UTC, beside Asia/Kolkata."""

OFFSETS: Final = tuple(f"Etc/GMT{-hours:+d}" for hours in range(-12, 15) if hours)
"""Whole hours ahead of UTC, and behind; the names of these zones count the other way round."""


def event_readings(funnel: Funnel, table: EventTable) -> Iterator[Reading]:
    """Yield what may be read otherwise in the dates and in the events."""
    yield from _zones(funnel)
    yield from _dates(funnel)
    yield from _cut(funnel)
    yield from _times(funnel, table)
    if _was_not_imported(table):
        yield Reading(
            family="identity",
            words="events as an import takes them (funnelkit import): copies left out, anonymous "
            "events joined to users",
            change=lambda subject: subject.with_view(imported=True),
            likely=0,
            needs_every_event=True,
        )
    yield from _identities(table)
    if has_copies(table):
        yield Reading(
            family="duplicates",
            words="copies of events (same insert_id) dropped instead of kept",
            change=lambda subject: subject.with_view(without_copies=True),
        )
    if any(LEFT_OUT in note for note in table.notes):
        yield Reading(
            family="duplicates",
            words="events as they came: copies kept instead of dropped",
            change=lambda subject: subject.with_view(as_they_came=True),
            needs_every_event=True,
        )


def _was_not_imported(table: EventTable) -> bool:
    """Whether events came as they were sent, of which Amplitude makes users by their ids (A13)."""
    own = table.amplitude_id is None and table.merges is None
    return own and bool(table.user_id and table.device_id) and table.rows <= MOST_IMPORTED


def _zones(funnel: Funnel) -> Iterator[Reading]:
    for zone in (*ZONES, *OFFSETS, *BROKEN):
        if zone != funnel.timezone:
            yield Reading(
                family="time zone",
                words=f"days of {_zone_name(zone)} instead of {_zone_name(funnel.timezone)}",
                change=partial(_in_zone, zone=zone),
                likely=0 if zone == "UTC" else 1 if zone in ZONES else 2,
            )


def _zone_name(zone: str) -> str:
    """Return a zone as people read it: Etc/GMT-2 is two hours ahead."""
    if not zone.startswith("Etc/GMT"):
        return zone
    return f"UTC{-int(zone.removeprefix('Etc/GMT')):+d}"


def _in_zone(subject: Subject, *, zone: str) -> Subject:
    return subject.with_funnel(timezone=zone)


def _dates(funnel: Funnel) -> Iterator[Reading]:
    period = funnel.period
    start, end = period.start, period.end
    changes: list[tuple[str, Period, int]] = []
    if isinstance(end, date) and not isinstance(end, datetime):
        changes.append(("the last day left out (incomplete)", replace(period, end=end - DAY), 0))
        changes.append(("a day more at the end", replace(period, end=end + DAY), 1))
    if isinstance(start, date) and not isinstance(start, datetime):
        changes.append(("the first day left out", replace(period, start=start + DAY), 1))
        changes.append(("a day more at the start", replace(period, start=start - DAY), 1))
        if isinstance(end, date) and not isinstance(end, datetime):
            for words, by in (("a day earlier", -DAY), ("a day later", DAY)):
                moved = replace(period, start=start + by, end=end + by)
                changes.append((f"the dates {words}", moved, 1))
    if start is not None or end is not None:
        changes.append(("all dates", replace(period, start=None, end=None), 1))
    if period.is_broken:
        whole = replace(period, without_weekdays=(), from_time=None, to_time=None)
        changes.append(("no days or times of day left out", whole, 1))
    for words, changed, likely in changes:
        if changed.start is None or changed.end is None or _not_empty(changed):
            yield Reading(
                family="dates",
                words=f"{words}: {format_period(changed)}" if words != "all dates" else words,
                change=partial(_in_period, period=changed),
                likely=likely,
            )


def _not_empty(period: Period) -> bool:
    first, last = period.bounds("UTC")
    return first is None or last is None or first < last


def _in_period(subject: Subject, *, period: Period) -> Subject:
    return subject.with_funnel(period=period)


def _cut(funnel: Funnel) -> Iterator[Reading]:
    if funnel.period.end is not None:
        yield Reading(
            family="cut at the end",
            words="no step after the last day, though the window goes on",
            change=lambda subject: subject.with_view(
                until=subject.funnel.period.bounds(subject.funnel.timezone)[1]
            ),
            likely=0,
        )


def _times(funnel: Funnel, table: EventTable) -> Iterator[Reading]:
    others = list(other_times(table))
    dated = funnel.period.start is not None or funnel.period.end is not None
    if UPLOADED in others and dated:
        yield Reading(
            family="upload time",
            words="events uploaded in the dates (server_upload_time, as exports are cut) instead "
            "of those that happened in them",
            change=_uploaded,
            likely=0,
            needs_every_event=True,
        )
    for name in others:
        yield Reading(
            family="upload time",
            words=f"times by {name} instead of {table.time}",
            change=partial(_by_time, name=name),
            needs_every_event=True,
        )


def _uploaded(subject: Subject) -> Subject:
    funnel = subject.funnel
    bounds = funnel.period.bounds(funnel.timezone)
    everything = replace(funnel.period, start=None, end=None)
    return subject.with_view(uploaded=bounds).with_funnel(period=everything)


def _by_time(subject: Subject, *, name: str) -> Subject:
    return subject.with_view(time=name)


def _identities(table: EventTable) -> Iterator[Reading]:
    present: list[IdRole] = [role for role in IDS if getattr(table, role)]  # type: ignore[misc]
    if len(present) > 1:
        now = " else ".join(present)
        for role in present:
            yield Reading(
                family="identity",
                words=f"users by {role} alone instead of {now}",
                change=partial(_users_by, role=role),
                likely=0,
            )

    if table.merges is not None:
        yield Reading(
            family="identity",
            words="users before they were merged, by the amplitude_id of each event",
            change=lambda subject: subject.with_view(unmerged=True),
            likely=0,
            needs_every_event=True,
        )


def _users_by(subject: Subject, *, role: IdRole) -> Subject:
    return subject.with_view(users_by=role)
