"""What changed since numbers held: the definition, the events, funnelkit or Amplitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from funnelkit.events.fingerprint import EventsFingerprint
    from funnelkit.verification.expected import Expectation, ExpectedSeries
    from funnelkit.verification.lock import Lock

Who = Literal["definition", "events", "funnelkit", "amplitude", "lock", "nothing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """Who changed, and in words how."""

    who: Who
    words: str


UNKNOWN = Culprit(
    who="unknown",
    words="no lock says how things were when the numbers held (funnelkit lock)",
)


def culprits(
    lock: Lock | None,
    *,
    definition: Mapping[str, Any],
    digest: str,
    events: EventsFingerprint | None,
    version: str,
    fresh: Expectation | None = None,
    lock_holds: bool = False,
) -> tuple[Culprit, ...]:
    """Return everything that is not as it was when the lock was written.

    `fresh` are newer numbers of Amplitude's, if there are any; `lock_holds`: what fails is not a
    number of the lock.
    """
    if lock is None:
        return (UNKNOWN,)
    found = tuple(_changed(lock, definition, digest, events, version, fresh))
    return found or (Culprit(who="nothing", words=_nothing(lock, lock_holds=lock_holds)),)


def _changed(
    lock: Lock,
    definition: Mapping[str, Any],
    digest: str,
    events: EventsFingerprint | None,
    version: str,
    fresh: Expectation | None,
) -> Iterator[Culprit]:
    if lock.numbers_were_edited:
        yield Culprit(
            who="lock", words=f"{lock.path} was edited: its numbers are not those of its hash"
        )
    if digest != lock.digest:
        words = "; ".join(definition_changes(lock.definition, definition))
        if not words and lock.definition_is_intact:
            pass  # it says the same in other words
        elif words or any(segment.cohorts for segment in lock.funnel.segments):
            words = words or "a cohort's file"
            yield Culprit(who="definition", words=f"the definition changed: {words}")
        else:
            words = f"{lock.path} was edited: its definition is not that of its hash"
            yield Culprit(who="lock", words=words)
    if lock.events is not None and events is not None and events != lock.events:
        yield Culprit(who="events", words=f"the events changed: {_events(lock.events, events)}")
    if version != lock.version:
        yield Culprit(
            who="funnelkit", words=f"funnelkit changed: it was {lock.version}, now it is {version}"
        )
    if fresh is not None and lock.expectation.origin == "amplitude":
        words = "; ".join(restated(lock.expectation, fresh))
        if words:
            yield Culprit(who="amplitude", words=f"Amplitude restated its numbers: {words}")


def definition_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield each key that says something else: `window = 7d, was 30d`."""
    from funnelkit.verification.canonical import differences

    for key in differences(before, now):
        yield f"{key} = {_shown(now.get(key))}, was {_shown(before.get(key))}"


def restated(before: Expectation, now: Expectation) -> Iterator[str]:
    """Yield which of Amplitude's numbers are others than before, the largest unit first."""
    for place, (old, new) in enumerate(zip(before.segments, now.segments, strict=False)):
        name = f"{old.name or f'segment {place + 1}'}: " if len(before.segments) > 1 else ""
        yield from (f"{name}{words}" for words in _restated(old, new))


def _restated(old: ExpectedSeries, new: ExpectedSeries) -> Iterator[str]:
    if old.counts != new.counts and old.counts and new.counts:
        yield f"{_row(old.counts)} became {_row(new.counts)}"
    numbers = {one.name: (one.counts or one.conversion) for one in new.intervals}
    changed = [
        one.name
        for one in old.intervals
        if one.name in numbers and numbers[one.name] != (one.counts or one.conversion)
    ]
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""  # noqa: PLR2004
        yield f"other numbers on {', '.join(changed[:3])}{more}"
    groups = {group.name: group for group in new.groups}
    for group in old.groups:
        if group.name in groups:
            yield from (
                f"group {group.name}: {one}" for one in _restated(group, groups[group.name])
            )


def _events(before: EventsFingerprint, now: EventsFingerprint) -> str:
    if before.events != now.events:
        return f"{now.events:,} of them, there were {before.events:,}"
    if before.happened != now.happened:
        return f"still {now.events:,}, but not the same ones"
    return f"the same {now.events:,}, with other properties or columns"


def _nothing(lock: Lock, *, lock_holds: bool) -> str:
    if lock_holds:
        return f"the numbers of {lock.path} hold: what else is expected was never so"
    expected = lock.expectation.counts
    if lock.found is not None and expected and lock.found != expected:
        return (
            f"nothing changed since the lock was written: funnelkit found {_row(lock.found)} "
            "then, too"
        )
    if lock.events is None:
        return "neither the definition nor funnelkit changed; the lock knows no events"
    return "neither the definition, the events nor funnelkit changed since the lock was written"


def _row(counts: tuple[int, ...]) -> str:
    return " > ".join(f"{count:,}" for count in counts)


def _shown(value: object) -> str:
    if value is None:
        return "the default"
    if isinstance(value, list):
        return " > ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return str(value)
