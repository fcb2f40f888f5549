"""The steps one after the other: forward to see how far a unit gets, back to find its entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.engine.plain.runs import fills

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from funnelkit.engine.plain.runs import Runs


@dataclass(frozen=True, slots=True)
class Chains:
    """The CTEs `step_2` … and `back_1` … of a funnel.

    `partition` are the columns that tell units apart, `window` is in microseconds. In exact order
    (`exact`) the next step lies in the unit's very next tick, or in the same: any event between
    two steps would make a tick of its own (specification A1).
    """

    runs: Runs
    partition: str
    window: int
    exact: bool

    @property
    def last(self) -> int:
        """The number of steps."""
        return len(self.runs.steps)

    def forward(self) -> Iterator[str]:
        """Yield the CTE of each step after the first."""
        known: set[int] = set()
        for step in range(2, self.last + 1):
            if self.runs.is_apart(step):
                earlier = {f"upto_{step - 1}": self._so_far(step - 1, "CURRENT ROW")}
                ways = [self._enters(step, step, f"upto_{step - 1}")]
            else:
                ending = self.runs.ending_at(step)
                needed = {first - 1 for first, _last in ending if first > 1} - known
                known |= needed
                earlier = {f"before_{n}": self._so_far(n, "1 PRECEDING") for n in sorted(needed)}
                # The more steps a tick fills, the later the entry can be: the longest run first.
                ways = [
                    self._enters(first, step, f"before_{first - 1}" if first > 1 else "tick")
                    for first, _last in reversed(ending)
                ]
            added = f"{_case(ways)} AS start_{step}"
            yield _cte(f"step_{step}", earlier, f"step_{step - 1}", added)

    def backward(self) -> Iterator[str]:
        """Yield the CTE of each step before the last, from the last to the first."""
        for step in range(self.last - 1, 0, -1):
            later = {}
            following = step + 1
            runs = self.runs.starting_at(following)
            if self.runs.is_apart(following):  # it may share the tick of this step
                runs.remove((following, following))
                found = _case([self._leads(following, following)])
                later[f"from_{following}"] = self._from_here(found, "CURRENT ROW")
            if runs:
                found = _case(self._leads(*run) for run in runs)
                later[f"after_{following}"] = self._from_here(found, "1 FOLLOWING")
            ends = [
                f"WHEN reach = {step} THEN tick",
                f"WHEN reach > {step} THEN {_earlier(*later)}",
            ]
            added = f"{_case(ends)} AS done_{step}"
            yield _cte(f"back_{step}", later, f"back_{following}", added)

    def together(self) -> str:
        """Return the SQL of the steps that the tick fills as an entry, NULL where it is none."""
        return _case(
            f"WHEN {fills(1, last)} AND done_{last} - tick <= {self.window} THEN {last}"
            for _first, last in self.runs.starting_at(1)
        )

    def reach(self) -> str:
        """Return the SQL of the furthest step that is reached in a tick."""
        furthest_first = range(self.last, 0, -1)
        return _case((f"WHEN start_{n} IS NOT NULL THEN {n}" for n in furthest_first), "ELSE 0 ")

    def _enters(self, first: int, last: int, entered: str) -> str:
        in_window = "" if entered == "tick" else f" AND tick - {entered} <= {self.window}"
        return f"WHEN {fills(first, last)}{in_window} THEN {entered}"

    def _leads(self, first: int, last: int) -> str:
        return f"WHEN {fills(first, last)} AND done_{last} IS NOT NULL THEN done_{last}"

    def _so_far(self, step: int, edge: str) -> str:
        """Return the latest entry from which the step was reached up to an edge."""
        start = "1" if self.exact else "UNBOUNDED"
        return f"max(start_{step}) {self._over(f'{start} PRECEDING AND {edge}')}"

    def _from_here(self, done: str, edge: str) -> str:
        """Return the earliest end that is led to from an edge on."""
        end = "1" if self.exact else "UNBOUNDED"
        return f"min({done}) {self._over(f'{edge} AND {end} FOLLOWING')}"

    def _over(self, rows: str) -> str:
        return f"OVER (PARTITION BY {self.partition} ORDER BY tick ROWS BETWEEN {rows})"


def _case(whens: Iterable[str], default: str = "") -> str:
    return f"CASE {' '.join(whens)} {default}END"


def _earlier(one: str, other: str | None = None) -> str:
    """Return the smaller of two columns, either of which may be NULL: least() is not alike."""
    if other is None:
        return one
    return f"CASE WHEN {other} IS NULL OR {one} <= {other} THEN {one} ELSE {other} END"


def _cte(name: str, beside: Mapping[str, str], before: str, column: str) -> str:
    """Return a CTE that adds a column, by way of others, to the one before."""
    source = before
    if beside:
        columns = "".join(f",\n            {sql} AS {alias}" for alias, sql in beside.items())
        source = f"(\n        SELECT *{columns}\n        FROM {before}\n    ) AS beside"
    return f"{name} AS (\n    SELECT *, {column}\n    FROM {source}\n),\n"
