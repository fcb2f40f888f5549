"""What `report` reads from a file and from its import is the same, whatever the lines hold."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk

VALUES = st.sampled_from([
    1, 1.5, 2**53 + 1, "1", "x", "['x', 'y']", ["x", "y"], True, None, {}, {"a": 1}, "2024-01-01",
    "", -0.0, 1e300, "é\u2028",
])  # fmt: skip
PROPERTIES = st.dictionaries(st.sampled_from(["p", "P", "q r", "ü"]), VALUES, max_size=3)
EVENTS = st.lists(
    st.fixed_dictionaries({
        "event_type": st.sampled_from(["A", "B", "$identify"]),
        "user_id": st.sampled_from([None, "u", "v"]),
        "device_id": st.sampled_from(["d", "e"]),
        "insert_id": st.sampled_from([None, "1", "2", "3"]),
        "minute": st.integers(0, 30),
        "event_properties": PROPERTIES,
    }),
    min_size=1,
    max_size=10,
)  # fmt: skip
NAMES = st.sampled_from(["export", "http"])


def line_of(event, form):
    line = {key: value for key, value in event.items() if key not in {"minute", "insert_id"}}
    if form == "http":
        line |= {"time": 1_700_000_000_000 + 60_000 * event["minute"]}
        return json.dumps(line | {"insert_id": event["insert_id"]})
    minute = event["minute"]
    line |= {"event_time": f"2023-11-14 22:{minute:02}:00.000000", "$insert_id": event["insert_id"]}
    return json.dumps(line, ensure_ascii=False)


@settings(deadline=None, max_examples=20)
@given(EVENTS, NAMES, st.sampled_from(["p", "P", "q r", "ü"]))
def test_an_import_and_its_source_give_the_same_report(events, form, prop):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.jsonl"
        lines = "".join(f"{line_of(event, form)}\n" for event in events)
        source.write_text(lines, "utf-8")
        result = fk.import_events(source, folder / "events")
        assert result.rejected == 0
        assert result.lines == result.events + result.identify_calls + result.duplicates
        asked = {"steps": ["A", "_all"], "group_by": f'"{prop}"', "interval": "day"}
        ours = fk.report(folder / "events", **asked).to_dict()
        assert ours["segments"] == fk.report(source, **asked).to_dict()["segments"]
