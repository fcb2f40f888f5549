"""Amplitude's identity rules, one event after the other, as specification A13 tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Ids = tuple[str | None, str | None]
"""user_id and device_id of an event."""


def persons(events: Sequence[Ids]) -> list[int]:
    """Return who did each event, given in the order of arrival, after all merges."""
    of_user: dict[str, int] = {}
    of_device: dict[str, int] = {}  # of devices that began anonymous
    last_user: dict[str, str] = {}
    merged: dict[int, int] = {}
    found: list[int] = []
    for user, device in events:
        new = len(of_user) + len(of_device) + 1
        if user is None:
            assert device is not None
            if device in last_user:  # rule 4
                found.append(of_user[last_user[device]])
                continue
            found.append(of_device.setdefault(device, new))  # rule 1
            continue
        began_anonymous = device in of_device and device not in last_user
        if user not in of_user:
            # Rule 2: he takes the device's id over; else he gets one of his own.
            of_user[user] = of_device[device] if began_anonymous and device else new
        elif began_anonymous and device:  # rule 5: a known user appears on an anonymous device
            merged[of_device[device]] = of_user[user]
        if device is not None:
            last_user[device] = user
        found.append(of_user[user])  # rule 3; user ids are never merged (rule 6)
    return [merged.get(person, person) for person in found]


def same_partition(ours: Sequence[object], theirs: Sequence[object]) -> bool:
    """Return whether two lists tell the same events apart."""
    pairs = set(zip(ours, theirs, strict=True))
    return len(pairs) == len(set(ours)) == len(set(theirs))
