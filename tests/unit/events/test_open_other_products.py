"""What other products export, and tables of DuckDB, are read without an import, as by one."""

from __future__ import annotations

import io
import json

import duckdb
import pytest

import funnelkit as fk
from funnelkit.errors import DataError

SEGMENT = [
    {"type": "track", "event": "View", "messageId": "1", "anonymousId": "d", "userId": None,
     "timestamp": "2024-01-05T10:00:00Z"},
    {"type": "identify", "messageId": "2", "anonymousId": "d", "userId": "ann",
     "timestamp": "2024-01-05T10:01:00Z"},
    {"type": "alias", "messageId": "3", "previousId": "d", "userId": "ann",
     "timestamp": "2024-01-05T10:01:00Z"},
    {"type": "track", "event": "Buy", "messageId": "4", "userId": "ann",
     "timestamp": "2024-01-05T10:05:00Z"},
    {"type": "track", "event": "Buy", "messageId": "4", "userId": "ann",
     "timestamp": "2024-01-05T10:05:00Z"},
]  # fmt: skip
POSTHOG = [
    {"uuid": "1", "event": "View", "timestamp": "2024-01-05T10:00:00Z", "distinct_id": "d",
     "person_id": "p", "properties": {}},
    {"uuid": "2", "event": "Buy", "timestamp": "2024-01-05T10:05:00Z", "distinct_id": "ann",
     "person_id": "p", "properties": {}},
]  # fmt: skip
MIXPANEL = [
    {"event": "View", "properties": {"time": 1704448800, "$device_id": "d", "distinct_id":
     "$device:d"}},
    {"event": "Buy", "properties": {"time": 1704448900, "$device_id": "d", "$user_id": "ann",
     "distinct_id": "ann"}},
]  # fmt: skip
GA4 = [
    {"event_name": name, "event_timestamp": 1704448800000000 + place, "user_pseudo_id": "d",
     "event_params": []} for place, name in enumerate(["View", "Buy"])
]  # fmt: skip
PRODUCTS = {"segment": SEGMENT, "posthog": POSTHOG, "mixpanel": MIXPANEL, "ga4": GA4}


def lines(rows) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.mark.parametrize("name", PRODUCTS)
def test_an_export_of_another_product_has_the_numbers_of_its_import(tmp_path, name):
    source = tmp_path / "export.jsonl"
    source.write_text(lines(PRODUCTS[name]))
    fk.import_events(source, tmp_path / "imported")
    found = fk.report(source, steps="View > Buy", window="1d")
    assert found.counts == fk.report(tmp_path / "imported", steps="View > Buy").counts == (1, 1)
    assert f"{source}: read as {name}, as an import does" in found.notes


def test_copies_and_what_is_no_event_are_left_out_and_said(tmp_path):
    source = tmp_path / "calls.jsonl"
    source.write_text(lines(SEGMENT))
    notes = fk.report(source, steps="View > Buy", count_by="totals").notes
    assert "1 duplicate is left out" in notes
    assert "1 left out: alias call" in notes


@pytest.mark.parametrize("wrapped", [json.dumps, lambda rows: json.dumps(rows, indent=1)])
def test_a_list_of_calls_is_read_as_lines_of_them(tmp_path, wrapped):
    source = tmp_path / "calls.json"
    source.write_text(wrapped(SEGMENT))
    assert fk.report(source, steps="View > Buy").counts == (1, 1)


def test_standard_input_is_named_where_a_line_is_no_event():
    from funnelkit.events.sources import open_events

    bad = [*SEGMENT, {"type": "track", "messageId": "5", "userId": "ann"}]
    with (
        pytest.raises(DataError, match=r"^standard input, line 6: event_type is missing"),
        open_events("-", stdin=io.BytesIO(lines(bad).encode())),
    ):
        pass


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_tables_are_recognised_by_their_columns(tmp_path, kind):
    (tmp_path / "rows.jsonl").write_text(lines(POSTHOG))
    source = tmp_path / f"rows.{kind}"
    duckdb.sql(
        f"COPY (SELECT * REPLACE (to_json(properties)::VARCHAR AS properties) "
        f"FROM read_json('{tmp_path}/rows.jsonl')) TO '{source}' (FORMAT {kind})"
    )
    assert fk.report(source, steps="View > Buy").counts == (1, 1)


def test_named_columns_are_read_as_they_are_named(tmp_path):
    source = tmp_path / "export.jsonl"
    source.write_text(lines(POSTHOG))
    columns = "user=distinct_id,event=event,time=timestamp"
    assert fk.report(source, steps="View > Buy", columns=columns).counts == (1, 0)


def test_a_field_inside_a_column_makes_no_other_product(tmp_path):
    source = tmp_path / "plain.parquet"
    inside = "{uuid: 1, event: 'x', distinct_id: 'a', timestamp: 1, properties: 1}"
    duckdb.sql(
        f"COPY (SELECT 'View' AS event_type, TIMESTAMP '2024-01-05' AS event_time, 'ann' AS "
        f"user_id, {inside} AS event_properties) TO '{source}' (FORMAT parquet)"
    )
    report = fk.report(source, steps="View")
    assert (report.counts, report.notes) == ((1,), ())


def test_amplitude_lines_and_those_of_others_are_counted_together(tmp_path):
    (tmp_path / "a.jsonl").write_text(
        '{"event_type":"View","user_id":"bob","time":1704448800000,"insert_id":"9"}\n'
    )
    (tmp_path / "b.jsonl").write_text(lines(SEGMENT))
    assert fk.report(tmp_path, steps="View > Buy").counts == (2, 1)


def test_a_table_of_a_database_is_read_and_verified(tmp_path):
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            "CREATE TABLE marts.events AS SELECT * FROM (VALUES ('ann', 'View', TIMESTAMP "
            "'2024-01-05'), ('ann', 'Buy', TIMESTAMP '2024-01-06'), ('bob', 'View', TIMESTAMP "
            "'2024-01-05')) AS t(user_id, event_type, event_time)"
        )
    source = f"{tmp_path}/warehouse.duckdb::marts.events"
    assert fk.report(source, steps="View > Buy").counts == (2, 1)
    run = fk.verify_files(events=source, steps="View > Buy", window="7d", expect="2, 1")
    assert run.ok
    with pytest.raises(DataError, match=r"name a table of it, .*There are marts\.events"):
        fk.report(tmp_path / "warehouse.duckdb", steps="View")
