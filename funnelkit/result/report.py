"""The answer to a funnel: one series per segment, and what it was computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.result.percent import percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from funnelkit.charts import Chart
    from funnelkit.events.fingerprint import EventsFingerprint
    from funnelkit.model import Funnel
    from funnelkit.result.counterparts import Counterpart
    from funnelkit.result.records import View
    from funnelkit.result.series import Series
    from funnelkit.stats.ab import AbTest

REPORT_SCHEMA = "funnelkit.report/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsRead:
    """What was read: where from, how many events, and which id stood for the user.

    `step_one_events` counts the events that match step 1, whenever they happened;
    `step_one_without_user_id` those of them that carry no `user_id`. `data_end` is the last instant
    up to which there would be events, where that was stated or plays a part. `fingerprint` is there
    where it was asked for.
    """

    source: str
    events: int
    user_column: str
    step_one_events: int
    step_one_without_user_id: int
    data_end: datetime | None = None
    fingerprint: EventsFingerprint | None = None

    @property
    def share_without_user_id(self) -> float:
        """The share of step-1 events without a `user_id`, from 0 to 1."""
        if not self.step_one_events:
            return 0.0
        return self.step_one_without_user_id / self.step_one_events


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelResult:
    """The answer of `funnelkit.report`: one series per segment, and what it was computed from.

    `warnings` say what may be wrong with the question (a step that nobody did), `notes` how the
    events were read (a column that was guessed). `ab` is the A/B view (A11f) and `compared_to` what
    the series are compared with (A11g), where they were asked for.
    """

    funnel: Funnel
    segments: tuple[Series, ...]
    events: EventsRead
    ab: AbTest | None = None
    compared_to: tuple[Counterpart, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        steps = " > ".join(f"{step.event} {step.count}" for step in self.segments[0].steps)
        rate = self._percent(self.conversion)
        more = f", {len(self.segments)} segments" if len(self.segments) > 1 else ""
        return f"FunnelResult({steps}, conversion {rate}{more})"

    def _repr_html_(self) -> str:
        """Return a table per series, and per view that was asked for, for a notebook."""
        from funnelkit.result.html import to_html

        return to_html(self)

    def chart(self, view: str | None = None) -> Chart:
        """Return the picture of the report, all that was asked for below each other.

        Args:
            view: only this of it: "steps", "groups", "compared_to", "intervals",
                "time_to_convert", "frequency" or "by_age".

        Raises:
            DefinitionError: there is no picture of such a view, or it was not asked for.
        """
        from funnelkit.charts.report import report_chart

        return report_chart(self, view)

    def _percent(self, share: float | None) -> str:
        return percent(share, self.funnel.settings.percentages).replace(" %", "%")

    @property
    def counts(self) -> tuple[int, ...]:
        """Units per step of the first segment."""
        return self.segments[0].counts

    @property
    def conversion(self) -> float | None:
        """The conversion of the first segment, a fraction."""
        return self.segments[0].conversion

    def series(self) -> Sequence[tuple[str, str | None, Series]]:
        """Return (segment, group or None, series) of every segment and every group."""
        found: list[tuple[str, str | None, Series]] = []
        for segment in self.segments:
            found.append((segment.name, None, segment))
            found += [(segment.name, group.name, group) for group in segment.groups]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON values; the schema is `funnelkit.report/1`."""
        from funnelkit.specs.tables import funnel_to_dict

        views: dict[str, Any] = {}
        if self.ab is not None:
            views["ab"] = self.ab.to_dict()
        if self.compared_to:
            views["compared_to"] = [counterpart.to_dict() for counterpart in self.compared_to]
        segments = [segment.to_dict() for segment in self.segments]
        if self.funnel.measures.interval is not None:  # dates that are over before they begin
            for segment in segments:
                segment.setdefault("intervals", [])
        return {
            "schema": REPORT_SCHEMA,
            "funnel": funnel_to_dict(self.funnel),
            "segments": segments,
            **views,
            "events": {
                "source": self.events.source,
                "events": self.events.events,
                "user_column": self.events.user_column,
                "share_without_user_id": self.events.share_without_user_id,
            },
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    def to_polars(self, view: View = "steps") -> pl.DataFrame:
        """Return one of the report's tables as a frame; times of intervals are in UTC.

        Of each segment, and of each group in it (`group` is null for the whole segment; with two
        properties `group_1` and `group_2` hold the values), there is one row

        * in "steps": per step;
        * in "intervals": per interval and step;
        * in "time_to_convert": per pair of steps and bin;
        * in "frequency": per step and number of times;
        * in "by_age": per age at which somebody converts;
        * in "ab": per variant;
        * in "compared_to": per step, then per interval and step, of each counterpart.

        Raises:
            DefinitionError: there is no such view, or it was not asked for.
        """
        from datetime import datetime

        import polars as pl

        from funnelkit.result.records import columns, records

        names = columns(self, view)
        schema = {
            name: pl.Datetime("us", "UTC") if kind is datetime else kind
            for name, kind in names.items()
        }
        rows = [tuple(record.get(name) for name in names) for record in records(self, view)]
        return pl.DataFrame(rows, schema=schema, orient="row")
