"""What is in the events, as a table for a terminal, as Markdown and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from funnelkit.render.machine import to_json
from funnelkit.render.words import MISSING, count, fit, percent, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from funnelkit.events.plan import Difference
    from funnelkit.events.profile import Profile, PropertyProfile

NAME = 24
TYPES = 14
TOP = 30
LONGEST_CELL = 80


def render_profile(
    profile: Profile,
    *,
    format: str,  # noqa: A002 - the option's name
    differences: Sequence[Difference] | None = None,
) -> str:
    """Return the profile as table, json or markdown, with the differences from a tracking plan."""
    if format == "json":
        return to_json(profile_dict(profile, differences))
    lines = _markdown(profile) if format == "markdown" else _table(profile)
    text = [*lines]
    if differences is not None:
        text += ["", *_plan(differences, bullet="* " if format == "markdown" else "  ")]
    return "\n".join(text) + "\n"


def profile_dict(profile: Profile, differences: Sequence[Difference] | None) -> dict[str, Any]:
    """Return the profile as plain values; times are ISO 8601 in UTC."""
    content: dict[str, Any] = {"schema": "funnelkit.describe/1", **asdict(profile)}
    for part in (content, *content["event_types"]):
        for end in ("first", "last"):
            part[end] = None if part[end] is None else part[end].isoformat().replace("+00:00", "Z")
    for properties in (
        content["user_properties"],
        content["columns"],
        *(event["properties"] for event in content["event_types"]),
    ):
        for item in properties:
            item["types"] = dict(item["types"])
            item["top"] = [{"value": value, "events": events} for value, events in item["top"]]
    if differences is not None:
        content["plan"] = [asdict(difference) for difference in differences]
    return content


def _table(profile: Profile) -> Iterator[str]:
    yield f"{visible(profile.source)}: {_summary(profile)}"
    yield ""
    yield f"{'event type':{NAME}}{'events':>10}{'users':>10}  {'first (UTC)':16}  last (UTC)"
    for event in profile.event_types:
        yield (
            f"{fit(event.event_type, NAME)}{count(event.events):>10}{count(event.users):>10}"
            f"  {_time(event.first)}  {_time(event.last)}"
        )
    for title, properties in _groups(profile):
        yield ""
        yield fit(title, NAME + TYPES + TOP).rstrip()
        yield f"  {'property':{NAME}}{'type':{TYPES}}{'filled':>8}  commonest values"
        for item in properties:
            yield (
                f"  {fit(item.name, NAME - 1)} {fit(_types(item), TYPES - 1)} "
                f"{percent(item.share):>8}  {fit(_top(item), TOP)}"
            ).rstrip()
    if profile.every > 1:
        yield ""
        yield f"properties as found on every {_ordinal(profile.every)} event"


def _markdown(profile: Profile) -> Iterator[str]:
    yield f"**{_cell(profile.source)}**: {_summary(profile)}"
    yield ""
    yield "| event type | events | users | first (UTC) | last (UTC) |"
    yield "| --- | ---: | ---: | --- | --- |"
    for event in profile.event_types:
        yield (
            f"| {_cell(event.event_type)} | {count(event.events)} | {count(event.users)} "
            f"| {_time(event.first)} | {_time(event.last)} |"
        )
    for title, properties in _groups(profile):
        yield ""
        yield f"**{_cell(title)}**"
        yield ""
        yield "| property | type | filled | commonest values |"
        yield "| --- | --- | ---: | --- |"
        for item in properties:
            yield (
                f"| {_cell(item.name)} | {_types(item)} | {percent(item.share)} "
                f"| {_cell(_top(item))} |"
            )
    if profile.every > 1:
        yield ""
        yield f"Properties as found on every {_ordinal(profile.every)} event."


def _groups(profile: Profile) -> Iterator[tuple[str, tuple[PropertyProfile, ...]]]:
    for event in profile.event_types:
        if event.properties:
            yield event.event_type, event.properties
    if profile.user_properties:
        yield "user properties", profile.user_properties
    if profile.columns:
        yield "columns that can be used as properties", profile.columns


def _plan(differences: Sequence[Difference], *, bullet: str) -> Iterator[str]:
    if not differences:
        yield "events and tracking plan agree"
        return
    yield f"events and tracking plan differ in {len(differences)} points:"
    yield from (f"{bullet}{visible(difference.text)}" for difference in differences)


def _summary(profile: Profile) -> str:
    if profile.first is None or profile.last is None:
        return "no events"
    return (
        f"{count(profile.events)} events of {count(profile.users)} users, "
        f"{_time(profile.first)} to {_time(profile.last)} UTC"
    )


def _time(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")


def _types(item: PropertyProfile) -> str:
    return ", ".join(kind for kind, _ in item.types) or MISSING


def _top(item: PropertyProfile) -> str:
    if item.top and item.top[0][1] == 1 and item.filled > len(item.top):
        return f"all different: {item.top[0][0][:LONGEST_CELL]}, …"
    return ", ".join(f"{value[:LONGEST_CELL]} ({count(events)})" for value, events in item.top)


def _cell(text: str) -> str:
    """Return text for a Markdown cell: one line, and no bar or tag that Markdown would read."""
    short = visible(text[:LONGEST_CELL]) + ("…" if len(text) > LONGEST_CELL else "")
    for character in r"\`*_[]<>|":
        short = short.replace(character, f"\\{character}")
    return short


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"
