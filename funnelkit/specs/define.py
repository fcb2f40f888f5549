"""The options of the command line and of the Python API, the same names in both, as a funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

from funnelkit.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime, timedelta
    from typing import Unpack

    from funnelkit.model import (
        Bins,
        ComparedEvent,
        CustomEvent,
        Exclusion,
        Filter,
        Funnel,
        GroupBy,
        Property,
        Segment,
        Settings,
        Step,
    )


class Definition(TypedDict, total=False):
    """What `report` and its kind can be told about the funnel; `api.report` explains each."""

    steps: str | Sequence[str] | Sequence[Step] | None
    where: str | Filter | Sequence[str | Filter]
    where_every_step: str | Filter | Sequence[str | Filter]
    where_every_event: str | Filter | Sequence[str | Filter]
    segment: str | Segment | Sequence[str | Segment]
    from_: str | date | datetime | None
    to: str | date | datetime | None
    last: str | None
    offset: str | None
    exclude_incomplete: bool | None
    exclude_weekday: str | Sequence[str]
    time_of_day: str | None
    timezone: str | None
    window: str | timedelta | None
    order: str | None
    count_by: str | None
    unit: str | Property | None
    users: str | None
    hold: str | Property | Sequence[str | Property]
    exclude: str | Exclusion | Sequence[str | Exclusion]
    group_by: str | Property | GroupBy | Sequence[str | Property] | None
    group_limit: int | None
    resolution: str | None
    optional_step: int | None
    compare_event: str | ComparedEvent | Sequence[str | ComparedEvent]
    custom_event: str | CustomEvent | Sequence[str | CustomEvent]
    inactive: str | Sequence[str]
    interval: str | None
    time_to_convert: bool | None
    bins: str | Bins | None
    frequency: bool | None
    sum: str | Property | None
    by_age: bool | None
    setting: str | Sequence[str] | Mapping[str, str] | Settings


_KEYS: Final = {
    "from_": "from",
    "segment": "segments",
    "custom_event": "custom_events",
    "inactive": "inactive_events",
    "setting": "settings",
}
"""The options that a funnel file calls otherwise: there it is a table, or the word is reserved."""

_PROJECT: Final = {"custom_event", "setting"}


def define(*, funnel: Funnel | None = None, **options: Unpack[Definition]) -> Funnel:
    """Return `funnel` with what the options say, or a new funnel of `steps`.

    Texts are read by the grammar of this package: `steps="A > B[price > 20]"`, `where="plan is
    pro"` (step 1, as Amplitude's `where` under the first event) or `where="3: plan is pro"`,
    `segment="New: user.plan is free"`, `window="7d"`, `from_="2026-04-01"`. None and an empty list
    say nothing.

    Raises:
        DefinitionError: an option cannot be read, or no steps are given.
        TypeError: there is no such option.
    """
    from funnelkit.specs.combine import combine, filtered

    said = {_KEYS.get(name, name): _read(name, value) for name, value in _given(options)}
    if funnel is None and "steps" not in said:
        raise DefinitionError('a funnel needs steps: --steps "ProductViewed > ProductAdded"')
    steps = said["steps"] if funnel is None else said.get("steps", funnel.steps)
    return combine({**said, "steps": filtered(steps, said)}, base=funnel)


def project_of(options: Mapping[str, Any]) -> tuple[tuple[CustomEvent, ...], Settings | None]:
    """Return the custom events and settings of the options: a chart is read with them.

    Raises:
        DefinitionError: one of them cannot be read.
    """
    from funnelkit.model import Settings

    said = {name: _read(name, value) for name, value in _given(options) if name in _PROJECT}
    settings = Settings(**said["setting"]) if "setting" in said else None
    return tuple(said.get("custom_event", ())), settings


def _given(options: Mapping[str, Any]) -> list[tuple[str, Any]]:
    for name in options:
        if name not in Definition.__annotations__:
            hint = did_you_mean(name, Definition.__annotations__)
            raise TypeError(f"a funnel has no {name!r} to define.{hint}")
    return [
        (name, value)
        for name, value in options.items()
        if value is not None
        and not (name != "steps" and isinstance(value, (list, tuple)) and not value)
    ]


def _read(name: str, value: object) -> Any:
    from funnelkit.specs.problems import WrongKindError
    from funnelkit.specs.readers import READERS

    try:
        return READERS[_KEYS.get(name, name)](value)
    except WrongKindError as error:
        raise DefinitionError(f"{name.strip('_')}: {error}") from None
