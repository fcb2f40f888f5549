"""The events of a simulation as Arrow tables, some rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from funnelkit.events.simulation.columns import PropertyColumns
from funnelkit.events.simulation.identifiers import hexadecimal
from funnelkit.events.simulation.rows import EventRows
from funnelkit.events.simulation.sessions import lay_out
from funnelkit.events.simulation.states import States

if TYPE_CHECKING:
    from collections.abc import Iterator

    from funnelkit.events.simulation.draws import Draws, Integers, Stream
    from funnelkit.events.simulation.people import People
    from funnelkit.events.simulation.scenario import Scenario
    from funnelkit.events.simulation.sessions import Sessions, Timeline
    from funnelkit.events.simulation.states import Shop

CHUNK: Final = 1 << 16
"""Rows that are made at a time: few enough for the processor's cache."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive events of one period, and the truth about each of them, row by row.

    `events` has the columns of Amplitude's export (specification C2): event_type, event_time
    (naive UTC, microseconds), user_id, device_id, event_properties (a struct, each property in
    its own type), and where the scenario asks for them user_properties, session_id, platform,
    os_name, os_version, device_model, idfa or adid, $insert_id, event_id. `truth` has event_id,
    period, session, template, step (the place in the template, from 1) and variant.
    """

    period: str
    events: pa.Table
    truth: pa.Table


class ChunkMaker:
    """Turns sessions, which are numbers, into tables."""

    def __init__(self, scenario: Scenario, draws: Draws, people: People, shop: Shop) -> None:
        """Collect the columns; nothing is made yet."""
        self.scenario = scenario
        self.draws = draws
        self.people = people
        self.shop = shop
        self.columns = PropertyColumns(scenario, shop.columns["product.id"].type)
        templates = [template for period in scenario.periods for template in period.templates]
        types = [event.event_type for template in templates for event in template.events]
        self.event_types = pa.array(types, type=pa.string())

    def learn(self, all_sessions: list[Sessions]) -> None:
        """See which properties and types the functions in the templates give, if there are any."""
        if self.columns.has_functions:
            for part in all_sessions:
                timeline = lay_out(part, self.scenario, self.draws)
                self.columns.learn(self._rows(part, timeline, slice(None)))

    def chunks(self, sessions: Sessions, insert_ids: Stream) -> Iterator[Chunk]:
        """Yield the events of one period in the order of time.

        A period without sessions has one empty chunk, which still has all columns.
        """
        timeline = lay_out(sessions, self.scenario, self.draws)
        for first in range(0, max(len(timeline.time), 1), CHUNK):
            yield self._chunk(sessions, timeline, slice(first, first + CHUNK), insert_ids)

    def _chunk(
        self, sessions: Sessions, timeline: Timeline, some: slice, insert_ids: Stream
    ) -> Chunk:
        rows = self._rows(sessions, timeline, some)
        first = sessions.first_event + some.start
        event_id = pa.array(np.arange(first, first + len(rows), dtype=np.int64) + 1)
        events = self._events(sessions, rows, timeline.time[some])
        if self.scenario.insert_id:
            events["$insert_id"] = hexadecimal(insert_ids.bits(rows.address))
            events["event_id"] = event_id
        names = pa.array([template.name for template in sessions.period.templates])
        template = sessions.template[timeline.session[some]]
        truth = {
            "event_id": event_id,
            "period": pa.repeat(sessions.period.name, len(rows)),
            "session": pa.array(rows.states.number[rows.session] + 1),
            "template": names.take(pa.array(template)),
            "step": pa.array(rows.place + 1),
            "variant": rows.field("variant").resolve(),
        }
        return Chunk(sessions.period.name, pa.table(events), pa.table(truth))

    def _events(self, sessions: Sessions, rows: EventRows, time: Integers) -> dict[str, pa.Array]:
        people, scenario = self.people, self.scenario
        user = pa.array(rows.states.user[rows.session])
        events = {
            "event_type": self.event_types.take(pa.array(rows.kind)),
            "event_time": pa.array(time).cast(pa.timestamp("us")),
            "user_id": people.user_id.take(user),
            "device_id": people.device_id.take(user),
            "event_properties": self.columns.struct(rows),
        }
        if scenario.identify:
            events["user_properties"] = people.traits.take(user)
        if scenario.session_id:
            position = rows.states.number[rows.session] - sessions.first
            events["session_id"] = pa.array(sessions.start[position] // 1000)
        return events | {name: column.take(user) for name, column in people.mobile.items()}

    def _rows(self, sessions: Sessions, timeline: Timeline, some: slice) -> EventRows:
        session = timeline.session[some].astype(np.int64)
        place = timeline.place[some].astype(np.int64)
        first, last = (int(session.min()), int(session.max()) + 1) if len(session) else (0, 0)
        return EventRows(
            States(
                self.shop,
                self.people,
                self.draws,
                sessions.first + first,
                sessions.user[first:last],
            ),
            session - first,
            place,
            self.columns.opening[sessions.first_template + sessions.template[session]] + place,
            sessions.variant[session],
            self.columns.variants,
        )
