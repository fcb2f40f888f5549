"""Properties as Amplitude's definitions write them: `gp:plan`, `country`, `grp:company`."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DefinitionError
from funnelkit.model import SESSION_ID, Property
from funnelkit.specs.amplitude.objects import compact, needed, opened
from funnelkit.specs.problems import text

if TYPE_CHECKING:
    from funnelkit.specs.amplitude.objects import Faults, Path

BUILT_IN: Final = (
    "version", "country", "city", "region", "DMA", "language",
    "platform", "os", "device", "device_type", "start_version", "paying",
)  # fmt: skip
"""Amplitude's own user properties, which have no prefix (specification B2)."""

USER: Final = "User"
"""The group type that stands for no group."""

SCOPES: Final = ("event", "user", "group")


def read_property(name: str, *, scope: str, group_type: str = USER) -> Property:
    """Return the property of a key of Amplitude's.

    Raises:
        DefinitionError: a funnel has no such property.
    """
    if scope not in SCOPES:
        raise DefinitionError(
            f"{name!r} is a property of the type {scope!r}; a funnel knows {', '.join(SCOPES)}"
        )
    if scope != "event" and name.startswith("grp:"):
        name, scope = name.removeprefix("grp:"), "group"
    elif scope != "event" and name.startswith("gp:"):
        name = name.removeprefix("gp:")
        if scope == "user" and name in BUILT_IN:
            raise DefinitionError(
                f"'gp:{name}' is a property of your own with the name of Amplitude's {name!r}; "
                "a funnel cannot tell them apart"
            )
    if group_type not in ({USER, name} if scope == "group" else {USER}):
        raise DefinitionError(
            f"{name!r} belongs to the group type {group_type!r}; a funnel knows the groups "
            "themselves, not their properties"
        )
    return Property(name, scope)  # type: ignore[arg-type]


def property_key(prop: Property) -> str:
    """Return the key of a property: `gp:` for users' own ones, `grp:` for groups."""
    if prop.scope == "group":
        return f"grp:{prop.name}"
    own = prop.scope == "user" and prop.name not in BUILT_IN
    return f"gp:{prop.name}" if own else prop.name


def read_typed_property(value: object, path: Path, faults: Faults) -> Property | None:
    """Return the property of `{"type", "value", "group_type"}`, as in `group_by`."""
    table = opened(value, path=path, faults=faults, known=("type", "value", "group_type"))
    name, scope = needed(table, "value", text), needed(table, "type", text)
    group_type = table.read("group_type", text, USER)
    if name is None or scope is None:
        return None
    return faults.attempt(
        (*path, "value"), lambda: read_property(name, scope=scope, group_type=group_type)
    )


def typed_property(prop: Property) -> dict[str, str]:
    """Return `{"type", "value"}` of a property."""
    return {"type": prop.scope, "value": property_key(prop)}


def held(prop: Property) -> Property:
    """Return a held property, the session under the name that funnels give it (A3)."""
    names = {"session_id", "session id", "[amplitude] session id"}
    return SESSION_ID if prop.name.casefold() in names else prop


def read_value(value: object, path: Path, faults: Faults) -> str:
    """Return a filter's value as the text that it is compared as."""
    if isinstance(value, str):
        return value
    if not isinstance(value, (bool, int, float)) or not isfinite(value):
        faults.add(path, f"expected a text or a number, got {compact(value)}")
    return compact(value)
