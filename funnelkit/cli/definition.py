"""The options that define a funnel, for every command that takes one."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any

from funnelkit.cli import options as opt  # noqa: TC001 - typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def definition(
    funnel: opt.FunnelName = None,
    steps: opt.Steps = None,
    step: opt.Step = None,
    where: opt.Where = None,
    where_every_step: opt.WhereEveryStep = None,
    where_every_event: opt.WhereEveryEvent = None,
    window: opt.Window = None,
    order: opt.OrderChoice = None,
    exclude: opt.Exclude = None,
    optional_step: opt.OptionalStep = None,
    compare_event: opt.CompareEvent = None,
    custom_event: opt.CustomEvent = None,
    inactive: opt.Inactive = None,
    resolution: opt.ResolutionChoice = None,
    setting: opt.Setting = None,
    count_by: opt.CountByChoice = None,
    unit: opt.Unit = None,
    hold: opt.Hold = None,
    users: opt.UsersChoice = None,
    segment: opt.Segment = None,
    group_by: opt.GroupBy = None,
    group_limit: opt.GroupLimit = None,
    from_: opt.From = None,
    to: opt.To = None,
    last: opt.Last = None,
    offset: opt.Offset = None,
    exclude_incomplete: opt.ExcludeIncomplete = None,
    exclude_weekday: opt.ExcludeWeekday = None,
    time_of_day: opt.TimeOfDay = None,
    timezone: opt.Timezone = None,
    interval: opt.IntervalChoice = None,
    time_to_convert: opt.TimeToConvert = None,
    bins: opt.Bins = None,
    frequency: opt.Frequency = None,
    sum: opt.Sum = None,  # noqa: A002 - the option's name
    by_age: opt.ByAge = None,
) -> None:
    """List the options, in the order of `--help`; Typer reads them from a signature like this."""


def place(
    store: opt.Store = None,
    store_version: opt.StoreVersion = None,
    as_of: opt.AsOf = None,
    no_cache: opt.NoCache = False,  # noqa: FBT002 - an option, as Typer reads it
) -> None:
    """List the options that name a version of a store, in the same way."""


PLACE = ("store", "store_version", "as_of", "no_cache")
MEASURES = ("interval", "time_to_convert", "bins", "frequency", "sum", "by_age")
GROUPS = ("group_by", "group_limit")
RELATIVE = ("last", "offset", "exclude_incomplete", "exclude_weekday", "time_of_day")


def defines_a_funnel(
    *, without: Collection[str] = (), stores: bool = True
) -> Callable[..., Callable[..., None]]:
    """Give a command the options of `definition`, between its arguments and its own options.

    The command takes what was given of them as `**definition`, by the names of `api.report`.
    `without` names those that it cannot honour; without `stores` it has no options for them.
    """
    shared = inspect.signature(definition, eval_str=True).parameters
    offered = [shared[name] for name in shared if name not in without]
    store = [*inspect.signature(place, eval_str=True).parameters.values()] if stores else []

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            from funnelkit.cli.place import events_of
            from funnelkit.cli.steps import steps_of

            if stores:
                place = {name: given.pop(name) for name in PLACE}
                given["events"] = events_of(given["events"], required=required, **place)
            said = {name: given.pop(name) for name in [option.name for option in offered]}
            said["steps"] = steps_of(said["steps"], said.pop("step"))
            command(**given, **{name: value for name, value in said.items() if value is not None})

        own = [
            parameter
            for parameter in inspect.signature(command, eval_str=True).parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        arguments = [one for one in own if one.default is inspect.Parameter.empty]
        own_options = [one for one in own if one not in arguments]
        required = any(one.name == "events" for one in arguments)
        # Who names a store gives no other events.
        arguments = [
            one.replace(default=None) if one.name == "events" else one for one in arguments
        ]
        parameters = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for one in [*arguments, *offered, *store, *own_options]
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {}
        return run

    return decorate
