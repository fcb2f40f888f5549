"""Who is behind a bar of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from funnelkit.model import Funnel

USERS_SCHEMA = "funnelkit.users/1"

Kind = Literal["number", "text", "time", "truth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart: those who `reached` a step, or who were `lost_before` one (1-based).

    Lost before step k are those who reached exactly k - 1 steps. `segment` is the name of the
    series; `variant`, `group` and `interval` are None where the chart is not parted by them.
    """

    segment: str
    reached: int | None = None
    lost_before: int | None = None
    variant: str | None = None
    group: str | None = None
    interval: str | None = None

    @property
    def words(self) -> str:
        """What the bar is of, without its series: `reached step 2`."""
        if self.reached is not None:
            return f"reached step {self.reached}"
        return f"lost before step {self.lost_before}"

    @property
    def steps(self) -> tuple[int, int | None]:
        """The least and the greatest number of steps that those behind the bar did."""
        if self.lost_before is not None:
            return self.lost_before - 1, self.lost_before - 1
        return self.reached or 1, None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; what the chart is not parted by is left out."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column of a list: `values` is a list, or a Polars series of a large input.

    A time is in UTC. Nothing is missing but ids by which a unit was not counted, and the times of
    steps that were not reached.
    """

    name: str
    kind: Kind
    values: Any

    def to_polars(self) -> pl.Series:
        """Return the column as a series whose type goes by its kind, though it be empty."""
        import polars as pl

        types: dict[Kind, pl.DataType | type[pl.DataType]] = {
            "number": pl.Int64,
            "text": pl.String,
            "time": pl.Datetime("us", "UTC"),
            "truth": pl.Boolean,
        }
        return pl.Series(self.name, self.values, dtype=types[self.kind])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UserList:
    """Every unit behind a bar: one line each, and so many lines as the bar counts.

    The columns are the ids of the user (`amplitude_id`, `user_id`, `device_id`: only the one by
    which a user is counted is filled), the held values or the start of the session, then `group`
    and `interval` where the bar is of one, `steps` (how many were done), `step_1` … (when each was
    done; step 1 is the entry), and `excluded` where the funnel excludes events: whether one of them
    kept the unit from going on. The first `who` columns name the unit. The lines are in the order
    of entry. With totals there is a line for each path.
    """

    funnel: Funnel
    bar: Bar
    columns: tuple[Column, ...]
    who: int
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0].values)

    def __repr__(self) -> str:
        return f"UserList({len(self)} {self.funnel.noun}s, {self.bar.words})"

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the lines as tuples."""
        return zip(*(column.values for column in self.columns), strict=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the list as plain JSON values; the schema is `funnelkit.users/1`."""
        from funnelkit.specs.tables import funnel_to_dict

        names = [column.name for column in self.columns]
        return {
            "schema": USERS_SCHEMA,
            "funnel": funnel_to_dict(self.funnel),
            "bar": self.bar.to_dict(),
            "count": len(self),
            "users": [dict(zip(names, map(_plain, row), strict=True)) for row in self.rows()],
            "warnings": list(self.warnings),
            "notes": list(self.notes),
        }

    def to_polars(self) -> pl.DataFrame:
        """Return one row per line; times are in UTC, to the microsecond."""
        import polars as pl

        return pl.DataFrame([column.to_polars() for column in self.columns])


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
