"""What is in the events."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit.events import profile as module
from funnelkit.events.profile import PropertyProfile, describe

LINES = """\
{"time": 1000, "user_id": "u1", "event_type": "A", "event_properties": {"p": 1, "q": "x"}}
{"time": 2000, "user_id": "u1", "event_type": "A", "event_properties": {"p": "1", "q": "x"}}
{"time": 3000, "user_id": "u2", "event_type": "A", "event_properties": {"p": 2.5, "n": null}}
{"time": -500, "device_id": "u2", "event_type": "B", "platform": "Web"}
"""


def second(number):
    return datetime.fromtimestamp(number, tz=UTC)


@pytest.fixture(name="found")
def _found(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(LINES)
    return describe(path)


def test_events_users_and_times_are_counted(found):
    assert (found.events, found.users) == (4, 3)
    assert (found.first, found.last) == (second(-0.5), second(3))
    assert [(e.event_type, e.events, e.users, e.first, e.last) for e in found.event_types] == [
        ("A", 3, 2, second(1), second(3)),
        ("B", 1, 1, second(-0.5), second(-0.5)),
    ]


def test_properties_have_types_shares_and_top_values(found):
    p, q = found.event_types[0].properties
    assert (p.name, dict(p.types), p.share) == ("p", {"integer": 1, "text": 1, "number": 1}, 1.0)
    assert q == PropertyProfile("q", (("text", 2),), 2, 2 / 3, (("x", 2),))
    assert found.event_types[1].properties == ()


def test_columns_without_a_role_are_profiled(found):
    assert found.columns == (PropertyProfile("platform", (("text", 1),), 1, 0.25, (("Web", 1),)),)


def test_fields_of_structs_bear_their_exact_names(tmp_path):
    event = {
        "user_id": ["u"], "event_type": ["A"], "event_time": [second(0)],
        "event_properties": [{"Price": 1, "price": 2, "none": None}],
        "user_properties": pa.array([[("plan", "gold")]], pa.map_(pa.string(), pa.string())),
    }  # fmt: skip
    pq.write_table(pa.table(event), tmp_path / "a.parquet")
    found = describe(tmp_path / "a.parquet")
    properties = found.event_types[0].properties
    assert [(one.name, one.top) for one in properties] == [
        ("Price", (("1", 1),)),
        ("price", (("2", 1),)),
    ]
    assert [(one.name, one.top) for one in found.user_properties] == [("plan", (("gold", 1),))]


def test_no_events_are_no_error(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user_id,event_type,event_time\n")
    found = describe(path)
    assert (found.events, found.users, found.first, found.event_types) == (0, 0, None, ())


def test_many_events_are_sampled_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SAMPLE", 2)
    path = tmp_path / "events.jsonl"
    path.write_text(LINES)
    found = describe(path)
    assert (found.every, found.events, found.event_types[0].events) == (2, 4, 3)
    assert {p.name: p.share for p in found.event_types[0].properties} == {"p": 1.0, "q": 0.5}


def test_the_number_of_top_values_can_be_chosen(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(LINES)
    p, _ = describe(path, top=1).event_types[0].properties
    assert len(p.top) == 1
    assert describe(path, top=0).event_types[0].properties[0].top == ()
