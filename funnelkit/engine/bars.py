"""Which bar of a chart is meant: its variant, its segment, its group and its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from funnelkit.engine.chart import Chart
from funnelkit.engine.entrants import NOT_REACHED
from funnelkit.engine.intervals import interval_name
from funnelkit.engine.labels import SEPARATOR
from funnelkit.engine.summarise import DID_NOT_REACH
from funnelkit.errors import DefinitionError, those_there_are
from funnelkit.model.period import instant
from funnelkit.result.people import Bar
from funnelkit.specs.times import parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from funnelkit.engine.chart import Extent, Question
    from funnelkit.engine.entry import Entry
    from funnelkit.model import Funnel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenBar:
    """A bar, with what to ask for it: the lines of interval `interval` (or all) in the answer."""

    bar: Bar
    chart: Chart
    entry: Entry
    interval: int | None
    values: tuple[str, ...] | None = None

    def group_code(self, labels: Sequence[str]) -> int | None:
        """Return the code of the group among the labels of the rows; None for all groups.

        Raises:
            DefinitionError: there is no such group, or two of that name.
        """
        wanted = self.bar.group
        if wanted is None:
            return None
        named = [(tuple(text.split(SEPARATOR)), code) for code, text in enumerate(labels)]
        if self.values is not None:
            codes = [code for values, code in named if values == self.values]
        else:
            codes = [code for values, code in named if "; ".join(values) == wanted]
            codes += [NOT_REACHED] if wanted == DID_NOT_REACH else []
        if not codes:
            known = ["; ".join(values) for values, _ in named] + [DID_NOT_REACH]
            raise DefinitionError(f"there is no group {wanted!r}.{those_there_are(wanted, known)}")
        if len(codes) > 1:
            raise DefinitionError(
                f"{len(codes)} groups are called {wanted!r}; in Python `group` takes a tuple of "
                "the values"
            )
        return codes[0]


def choose_bar(
    funnel: Funnel,
    extent: Extent | None,
    *,
    reached: int | None,
    lost_before: int | None,
    segment: str | None = None,
    variant: str | None = None,
    group: str | tuple[str, ...] | None = None,
    interval: str | date | None = None,
) -> ChosenBar:
    """Return a bar of the funnel's chart.

    Raises:
        DefinitionError: the chart has no such bar, or it is not said which of several is meant.
    """
    name, chart = choose_chart(funnel, extent, variant)
    question = choose_question(chart, segment)
    _check_steps(chart.funnel, reached, lost_before)
    if group is not None and chart.funnel.group_by is None:
        raise DefinitionError(f"the funnel is not grouped, so there is no group {group!r}")
    number, entry, label = None, question.whole, None
    if interval is not None:
        number, label = _interval(chart, interval)
        assert question.by_interval is not None  # noqa: S101 - there are intervals
        entry = question.by_interval
    bar = Bar(
        segment=question.name,
        reached=reached,
        lost_before=lost_before,
        variant=name,
        group="; ".join(group) if isinstance(group, tuple) else group,
        interval=label,
    )
    values = group if isinstance(group, tuple) else None
    return ChosenBar(bar=bar, chart=chart, entry=entry, interval=number, values=values)


def choose_chart(
    funnel: Funnel, extent: Extent | None, variant: str | None
) -> tuple[str | None, Chart]:
    """Return the chart of the variant of that name; None where there is but one."""
    by_name = dict(funnel.variants())
    if list(by_name) == [""]:
        if variant is not None:
            raise DefinitionError(f"the funnel has no variants, so none is called {variant!r}")
        return None, Chart(by_name[""], extent)
    if variant is None:
        raise DefinitionError(f"say with --variant which funnel is meant: {_listed(by_name)}")
    if variant not in by_name:
        raise DefinitionError(f"there is no variant {variant!r}; there are {_listed(by_name)}")
    return variant, Chart(by_name[variant], extent)


def choose_question(chart: Chart, segment: str | None) -> Question:
    """Return the question of the segment of that name, which may be left out if there is but one.

    Raises:
        DefinitionError: there is no such segment, or none is named and there are several.
    """
    by_name = {question.name: question for question in chart.questions()}
    if segment is None and len(by_name) == 1:
        return next(iter(by_name.values()))
    if segment is None:
        raise DefinitionError(f"say with --segment-name which series is meant: {_listed(by_name)}")
    if segment not in by_name:
        raise DefinitionError(f"there is no series {segment!r}; there is {_listed(by_name)}")
    return by_name[segment]


def _check_steps(funnel: Funnel, reached: int | None, lost_before: int | None) -> None:
    last = len(funnel.steps)
    if (reached is None) == (lost_before is None):
        raise DefinitionError("say which bar is meant: --reached STEP or --lost-before STEP")
    if reached is not None and not 1 <= reached <= last:
        raise DefinitionError(f"step {reached} cannot be reached: the funnel has {last} steps")
    if lost_before is not None and not 1 < lost_before <= last:
        raise DefinitionError(
            f"nobody is lost before step {lost_before}: the funnel has steps 2 to {last} to lose "
            "someone before"
            if last > 1
            else "a funnel of one step loses nobody"
        )


def _interval(chart: Chart, wanted: str | date) -> tuple[int, str]:
    """Return the number and the name of the interval that begins at a day or an instant."""
    interval, timezone = chart.funnel.measures.interval, chart.funnel.timezone
    if interval is None:
        raise DefinitionError(
            f"the funnel has no intervals, so none begins at {wanted}: --interval day"
        )
    starts = chart.interval_starts()
    moment = parse_moment(wanted) if isinstance(wanted, str) else wanted
    start = instant(moment, ZoneInfo(timezone))
    if start not in starts:
        names = [interval_name(start, interval, timezone) for start in starts]
        between = f"; the first is {names[0]}, the last {names[-1]}" if names else ""
        raise DefinitionError(f"no interval of one {interval} begins at {wanted}{between}")
    number = starts.index(start)
    return number, interval_name(start, interval, timezone)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
