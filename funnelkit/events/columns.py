"""Which column is which: Amplitude's names, other people's names, and what `--columns` says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from funnelkit.errors import ColumnError, DefinitionError, did_you_mean, fold, nearest
from funnelkit.events.table import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROLES: Final[tuple[Role, ...]] = get_args(Role)
ARRIVAL: Final = "import_order"
"""The column that keeps the order in which an import took events; no chart reads it."""

IDS: Final[tuple[Role, ...]] = ("amplitude_id", "user_id", "device_id")

# Names that Amplitude itself uses (specification C2 and D1), best first: no guess, no note.
_EXACT: Final[Mapping[Role, tuple[str, ...]]] = {
    "event_time": ("event_time", "time"),
    "insert_id": ("$insert_id", "insert_id"),
}

# Other people's names as `fold` writes them, best first: taken with a note.
_COMMON: Final[Mapping[Role, tuple[str, ...]]] = {
    "amplitude_id": ("amplitudeid",),
    "user_id": ("userid", "user", "distinctid", "uid", "customerid", "customer", "visitorid",
                "personid", "memberid"),
    "device_id": ("deviceid", "anonymousid", "anonid", "cookieid"),
    "session_id": ("sessionid", "session", "visitid"),
    "event_type": ("eventtype", "event", "eventname", "name", "action", "activity"),
    "event_time": ("eventtime", "timestamp", "eventtimestamp", "ts", "time", "createdat",
                   "occurredat", "datetime", "eventdatetime", "date", "eventdate"),
    "event_id": ("eventid",),
    "uuid": ("uuid", "eventuuid"),
    "insert_id": ("insertid", "$insertid", "messageid"),
    "event_properties": ("eventproperties", "properties", "props", "attributes"),
    "user_properties": ("userproperties", "userattributes", "traits"),
}  # fmt: skip

_SHORT: Final[Mapping[str, Role]] = {
    "user": "user_id",
    "device": "device_id",
    "session": "session_id",
    "event": "event_type",
    "time": "event_time",
    "properties": "event_properties",
}

_PAIR = re.compile(r'\s*(?P<role>[^=,"]*?)\s*=\s*(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>(?!")[^,]*?))\s*(?:,|$)')  # noqa: E501  # fmt: skip


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that plays each role, and which of them were guessed."""

    columns: Mapping[Role, str]
    guessed: tuple[Role, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Return one sentence for each guess."""
        return tuple(
            f"{role} is read from the column {self.columns[role]!r}" for role in self.guessed
        )


def parse_columns(text: str) -> dict[Role, str]:
    """Return the mapping that `user=…,event=…,time=…` stands for.

    The keys are the role names of Amplitude's export, or user, device, session, event, time and
    properties for short. A column name that holds a comma is put into double quotes.

    >>> parse_columns('user=uid, time=ts, event="what, exactly"')
    {'user_id': 'uid', 'event_time': 'ts', 'event_type': 'what, exactly'}
    """
    pairs: dict[str, str] = {}
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None:
            rest = text[position:].strip()
            raise DefinitionError(f"--columns is written user=NAME,time=NAME; cannot read {rest!r}")
        key, quoted = pair["role"], pair["quoted"]
        if key in pairs:
            raise DefinitionError(f"--columns names {key!r} twice")
        pairs[key] = pair["bare"] if quoted is None else quoted.replace('""', '"')
        position = pair.end()
    return check_mapping(pairs)


def check_mapping(columns: Mapping[str, str]) -> dict[Role, str]:
    """Return `columns` with every key spelt out as a role; a wrong key is a `DefinitionError`."""
    mapping: dict[Role, str] = {}
    for key, column in columns.items():
        role = next((known for known in ROLES if known == key), _SHORT.get(key))
        if role is None:
            known = [*_SHORT, *ROLES]
            raise DefinitionError(
                f"--columns knows {', '.join(known)}; got {key!r}.{did_you_mean(key, known)}"
            )
        if not column:
            raise DefinitionError(f"--columns gives {key!r} no column name")
        if role in mapping:
            raise DefinitionError(f"--columns names {role!r} twice")
        if column in mapping.values():
            raise DefinitionError(f"--columns gives the column {column!r} two roles")
        mapping[role] = column
    return mapping


def find_roles(names: Sequence[str], *, explicit: Mapping[Role, str], where: str) -> Roles:
    """Return which of the columns `names` plays which role.

    An explicit column comes first, then Amplitude's own names, then common names without regard
    to case, blanks and underscores. Whoever says explicitly which column is the user means it:
    another id that only bears one of Amplitude's names is then left alone.

    Raises:
        ColumnError: an explicit column does not exist, or there is no event type, no time or no
            id. The text names what was found and what is near.
    """
    found: dict[Role, str] = {}
    for role, column in explicit.items():
        if column not in names:
            hint = did_you_mean(column, names)
            raise ColumnError(f"{where} has no column {column!r}; it has {listed(names)}.{hint}")
        found[role] = column
    wanted = [role for role in ROLES if role not in found]
    if not explicit.keys().isdisjoint(IDS):
        wanted = [role for role in wanted if role not in IDS]
    for role in wanted:
        exact = (name for name in _EXACT.get(role, (role,)) if name in names)
        unplayed = next((name for name in exact if name not in found.values()), None)
        if unplayed is not None:
            found[role] = unplayed
    guessed = []
    for role in wanted:
        if role in found or (role in IDS and not found.keys().isdisjoint(IDS)):
            continue
        common = _first_common(role, [name for name in names if name not in found.values()])
        if common is not None:
            found[role] = common
            guessed.append(role)
    _check_needed(found, names, where=where)
    return Roles({role: found[role] for role in ROLES if role in found}, tuple(guessed))


def listed(names: Iterable[str], *, most: int = 20) -> str:
    """Return the names with commas between them, cut after `most`."""
    known = list(names)
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + rest if known else "no columns"


def first_clash(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two names that differ only in case."""
    seen: dict[str, str] = {}
    for name in names:
        if seen.setdefault(name.lower(), name) != name:
            return seen[name.lower()], name
    return None


def _first_common(role: Role, names: Sequence[str]) -> str | None:
    for common in _COMMON.get(role, ()):
        for name in names:
            if fold(name) == common:
                return name
    return None


def _check_needed(found: Mapping[Role, str], names: Sequence[str], *, where: str) -> None:
    needs: list[tuple[str, str, tuple[Role, ...]]] = [
        ("an event type", "event", ("event_type",)),
        ("a time", "time", ("event_time",)),
        ("a user", "user", IDS),
    ]
    for what, key, roles in needs:
        if found.keys().isdisjoint(roles):
            words = [*roles, *(word for role in roles for word in _COMMON[role])]
            free = [name for name in names if name not in found.values()]
            near = [name for name in free if nearest(name, words, most=1)]
            hint = f" Near: {', '.join(map(repr, near))}." if near else ""
            taken = [f"{name!r} is the {role}" for role, name in found.items() if name in words]
            hint += f" {', '.join(taken)}." if taken else ""
            raise ColumnError(
                f"{where} has no column for {what}: none of {', '.join(roles)}, and no common "
                f"name for it. It has {listed(names)}.{hint} "
                f"Say which with --columns {key}=NAME."
            )
