"""The answer to: what did those who went on do more often than those who did not (A11j)?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from funnelkit.model import Funnel, Property
    from funnelkit.result.report import EventsRead

DRIVERS_SCHEMA: Final = "funnelkit.drivers/1"
LEVEL: Final = 0.05
"""Up to this adjusted p-value an event is said to be done more, or less, often."""

Call = Literal["more often", "less often", "no difference shown", "too few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSide:
    """What one side did: `units` of them did the event at least once, `events` times in all.

    `share` is the fraction of all units of the side; `per_hour` the events per hour at risk. Both
    are None where the side is empty, or was not watched.
    """

    units: int
    events: int
    share: float | None
    per_hour: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRow:
    """One event, or one value of it, between the two steps.

    `ratio` says how many times as often converters did it as drop-offs, at equal times since the
    first of the two steps; `low` and `high` are its 95 % interval (`high` None: no upper end), and
    `p_value` is that of equal rates, `adjusted_p` after Benjamini and Hochberg over all candidates.
    `dispersion` is the factor by which the variance exceeds that of independent events. All but the
    ratio are None where there are too few events to judge. The ratio alone is None where drop-offs
    have no event at equal times: it has no upper end then, or, without a `low`, no meaning.
    """

    event: str
    value: str | None
    converters: DriverSide
    drop_offs: DriverSide
    ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None
    adjusted_p: float | None
    dispersion: float | None

    @property
    def call(self) -> Call:
        """What may be said of the event; an association, whatever it is."""
        if self.p_value is None:
            return "too few"
        p = self.p_value if self.adjusted_p is None else self.adjusted_p
        if p > LEVEL:
            return "no difference shown"
        return "less often" if self.ratio is not None and self.ratio < 1 else "more often"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        found = {name: getattr(self, name) for name in self.__slots__}
        found["converters"] = self.converters.to_dict()
        found["drop_offs"] = self.drop_offs.to_dict()
        return {**found, "call": self.call}


@dataclass(frozen=True, slots=True, kw_only=True)
class DriversResult:
    """The answer of `funnelkit.drivers`.

    Converters reached the later step of `between`, drop-offs the earlier one only. They were
    watched for so many hours: converters until the later step; drop-offs until their window, or
    the data, ended (for `drop_offs_cut` of them the data). Rows are in order of evidence: what
    converters did more often comes first. Of all `candidates`, `compared` had enough events to be
    judged, and `rows_left_out` are not shown; `any_event` is all of them together, and how much
    more converters do of everything. `equal_times_seconds` is the longest time since the earlier
    step at which both sides were watched. `step_events_left_out` events between the steps are not
    counted, since they fit these steps or ones between them, or are excluded there.
    """

    funnel: Funnel
    between: tuple[int, int]
    by: Property | None
    segment: str
    rows: tuple[DriverRow, ...]
    any_event: DriverRow
    converters: int
    drop_offs: int
    drop_offs_cut: int
    converter_hours: float
    drop_off_hours: float
    equal_times_seconds: float
    candidates: int
    compared: int
    rows_left_out: int
    step_events_left_out: int
    events: EventsRead
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        b, c = self.between
        more = sum(row.call == "more often" for row in self.rows)
        return (
            f"DriversResult(steps {b} to {c}: {self.converters} converters, {self.drop_offs} "
            f"drop-offs, {self.candidates} candidates, {more} done more often)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON values; the schema is `funnelkit.drivers/1`."""
        from funnelkit.specs.tables import funnel_to_dict

        plain = (
            "segment", "converters", "drop_offs", "drop_offs_cut", "converter_hours",
            "drop_off_hours", "equal_times_seconds", "candidates", "compared", "rows_left_out",
            "step_events_left_out",
        )  # fmt: skip
        return {
            "schema": DRIVERS_SCHEMA,
            "funnel": funnel_to_dict(self.funnel),
            "between": list(self.between),
            "by": None if self.by is None else {"scope": self.by.scope, "name": self.by.name},
            **{name: getattr(self, name) for name in plain},
            "any_event": self.any_event.to_dict(),
            "rows": [row.to_dict() for row in self.rows],
            "events": {
                "source": self.events.source,
                "events": self.events.events,
                "user_column": self.events.user_column,
                "share_without_user_id": self.events.share_without_user_id,
            },
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    def records(self) -> Sequence[dict[str, Any]]:
        """Return one flat record per row: what CSV and data frames show."""
        found = []
        for row in self.rows:
            flat = row.to_dict()
            for name in ("converters", "drop_offs"):
                side = flat.pop(name)
                flat |= {f"{name}_{field}": value for field, value in side.items()}
            found.append(flat)
        return found

    def to_polars(self) -> pl.DataFrame:
        """Return one line per row."""
        import polars as pl

        return pl.DataFrame(self.records(), infer_schema_length=None)
