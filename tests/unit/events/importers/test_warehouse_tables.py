"""Tables of warehouses with the columns of Amplitude's export: Snowflake's and BigQuery's (C4)."""

from __future__ import annotations

import duckdb
import pytest

import funnelkit as fk

SNOWFLAKE = """
    SELECT
        5::DECIMAL(38, 0) AS AMPLITUDE_ID, 187520::DECIMAL(38, 0) AS APP,
        1::DECIMAL(38, 0) AS EVENT_ID, -1::DECIMAL(38, 0) AS SESSION_ID,
        TIMESTAMP '2024-01-01 10:00:00.5' AS EVENT_TIME,
        TIMESTAMP '2024-01-01 10:00:01' AS SERVER_RECEIVED_TIME,
        'A' AS EVENT_TYPE, 'u' AS USER_ID, 'd' AS DEVICE_ID, 'u-1' AS UUID, 'Germany' AS COUNTRY,
        '{"plan":"gold"}' AS USER_PROPERTIES, '{"price":1.5,"Price":"x"}' AS EVENT_PROPERTIES,
        '{}' AS GROUPS, 'false' AS PAYING
    UNION ALL
    SELECT 7, 187520, 2, -1, TIMESTAMP '2024-01-01 10:01:00', TIMESTAMP '2024-01-01 10:01:01',
        'B', NULL, 'e', 'u-2', 'Germany', '{"plan":"gold"}', '{"price":2}', '{}', NULL
"""

MERGE_IDS = """
    SELECT 7::DECIMAL(38, 0) AS AMPLITUDE_ID, 5::DECIMAL(38, 0) AS MERGED_AMPLITUDE_ID,
        TIMESTAMP '2024-01-02 00:00:00' AS MERGE_EVENT_TIME,
        TIMESTAMP '2024-01-02 00:00:00' AS MERGE_SERVER_TIME
"""

FORMS = [("parquet", "FORMAT parquet"), ("csv", "FORMAT csv, HEADER"), ("json", "FORMAT json")]


@pytest.mark.parametrize(("ending", "form"), FORMS)
def test_an_extract_of_snowflake_and_its_merges(ending, form, tmp_path):
    events, merges = tmp_path / f"events.{ending}", tmp_path / f"merge_ids.{ending}"
    duckdb.sql(f"COPY ({SNOWFLAKE}) TO '{events}' ({form})")
    duckdb.sql(f"COPY ({MERGE_IDS}) TO '{merges}' ({form})")
    result = fk.import_events(events, tmp_path / "imported")
    assert (result.lines, result.events, result.rejected) == (2, 2, 0)
    assert fk.report(tmp_path / "imported", steps="A > B").counts == (1, 0)
    assert fk.import_events(merges, tmp_path / "imported").merges == 1
    found = fk.report(
        tmp_path / "imported", steps="A[price is 1.5] > B", where="user.country is Germany"
    )
    assert found.counts == (1, 1)
    assert fk.report([events, merges], steps="A > B").counts == (1, 1)


def test_columns_get_the_names_and_types_of_the_export(tmp_path):
    duckdb.sql(f"COPY ({SNOWFLAKE}) TO '{tmp_path}/events.parquet' (FORMAT parquet)")
    fk.import_events(tmp_path / "events.parquet", tmp_path / "imported")
    rows = duckdb.sql(f"DESCRIBE FROM '{tmp_path}/imported/*.parquet'").fetchall()
    types = {name: kind for name, kind, *_ in rows}
    assert types["amplitude_id"] == types["event_id"] == types["session_id"] == "BIGINT"
    assert types["event_time"] == types["server_received_time"] == "TIMESTAMP"
    assert types["event_properties"] == types["app"] == "VARCHAR"
    assert all(name == name.lower() for name in types)


def test_an_extract_of_bigquery(tmp_path):
    """JSON columns, BIGNUMERIC as text, times with a zone."""
    duckdb.sql(f"""
        COPY (SELECT '5' AS amplitude_id, 187520 AS app, TIMESTAMPTZ '2024-01-01 10:00:00+00' AS
            event_time, 'A' AS event_type, 'u' AS user_id, '{{"a":1}}'::JSON AS event_properties,
            true AS is_attribution_event, 'x' AS Adid, 'f' AS followed_an_identify)
        TO '{tmp_path}/events.parquet' (FORMAT parquet)""")
    fk.import_events(tmp_path / "events.parquet", tmp_path / "imported")
    rows = duckdb.sql(
        "SELECT amplitude_id, event_time::VARCHAR, event_properties, is_attribution_event, adid, "
        f"followed_an_identify FROM '{tmp_path}/imported/*.parquet'"
    ).fetchall()
    assert rows == [(5, "2024-01-01 10:00:00", '{"a":1}', True, "x", "f")]


def test_a_bad_row_of_a_csv_is_rejected_with_its_line_and_text(tmp_path):
    import json

    duckdb.sql(f"""
        COPY (SELECT * FROM (VALUES (1, 'A', '2024-01-01 10:00:00'), (2, NULL, '2024-01-01'),
            (3, 'A', 'soon')) AS t(amplitude_id, event_type, event_time))
        TO '{tmp_path}/events.csv' (FORMAT csv, HEADER)""")
    result = fk.import_events(tmp_path / "events.csv", tmp_path / "imported")
    assert (result.events, result.rejected) == (1, 2)
    rejects = [json.loads(line) for line in result.rejects.read_text("utf-8").splitlines()]
    assert [(each["line"], each["text"]) for each in rejects] == [
        (3, "2,,2024-01-01"),
        (4, "3,A,soon"),
    ]
    assert "which is no time" in rejects[1]["reason"]


def test_plain_parquet_with_structs_keeps_names_that_differ_by_case(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    struct = pa.array([{"price": 1, "Price": "x"}])
    table = pa.table({"event": ["A"], "ts": [1_700_000_000], "user": ["u"], "properties": struct})
    pq.write_table(table, tmp_path / "events.parquet")
    fk.import_events(tmp_path / "events.parquet", tmp_path / "imported")
    for steps in ("A[price is 1]", "A[Price is x]"):
        assert fk.report(tmp_path / "imported", steps=steps).counts == (1,)


@pytest.mark.parametrize("capitals_first", [True, False])
def test_columns_in_capitals_and_not_are_the_same_in_one_import(capitals_first, tmp_path):
    capitals, small = tmp_path / "a.json", tmp_path / "b.json"
    rows = f"SELECT *, true AS FOLLOWED_AN_IDENTIFY FROM ({SNOWFLAKE})"
    duckdb.sql(f"COPY ({rows}) TO '{capitals}' (FORMAT json)")
    small.write_text(
        '{"event_type":"A","event_time":"2024-01-01 10:00:00","amplitude_id":9,"uuid":"u-3",'
        '"followed_an_identify":false}\n',
        "utf-8",
    )
    sources = [capitals, small] if capitals_first else [small, capitals]
    result = fk.import_events(sources, tmp_path / "imported")
    assert (result.lines, result.events, result.rejected) == (3, 3, 0)
    rows = duckdb.sql(
        f"SELECT uuid, followed_an_identify FROM '{tmp_path}/imported/*.parquet' ORDER BY 1"
    ).fetchall()
    assert rows == [("u-1", "true"), ("u-2", "true"), ("u-3", "false")]
