"""The rows of a funnel in memory, grouped by unit and in time order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from funnelkit.engine.answer import answer
from funnelkit.engine.entrants import Entrants, join
from funnelkit.events.processors import processors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from funnelkit.engine.bucket import Bucket
    from funnelkit.engine.entry import Entry
    from funnelkit.engine.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRows:
    """Every event that plays a part. The events were read once; each `match` is one pass in memory.

    Where it was said which questions would be asked, their `answers` are here and the rows are not.
    `labels` are the texts of the codes in the buckets' `label`. `seen[k]` tells whether any event
    fits step k + 1 at all. `step_one` and `step_one_without_user_id` count events. `unit_name` says
    in words what is counted.
    """

    rules: Rules
    buckets: Sequence[Bucket]
    labels: Sequence[str] = ()
    seen: tuple[bool, ...] = ()
    step_one: int = 0
    step_one_without_user_id: int = 0
    unit_name: str = ""
    answers: Mapping[Entry, Entrants] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """The number of steps."""
        return self.rules.steps

    @property
    def tick(self) -> int:
        """The resolution in microseconds."""
        return self.rules.tick

    @property
    def is_large(self) -> bool:
        """Whether the columns are arrays."""
        return bool(self.answers) or not self.buckets[0].is_small

    def has(self, entry: Entry) -> bool:
        """Tell whether a question was answered as the rows were read."""
        return entry in self.answers

    def match(self, entry: Entry) -> Entrants:
        """Return the units that entered, each with the conversion that Amplitude would choose."""
        if entry in self.answers:
            return self.answers[entry]

        def answer_from(bucket: Bucket) -> Entrants:
            return answer(bucket, entry, self.rules)

        if len(self.buckets) == 1:
            return answer_from(self.buckets[0])
        with ThreadPoolExecutor(processors()) as pool:
            return join(list(pool.map(answer_from, self.buckets)))
