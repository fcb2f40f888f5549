"""Events from tables of a DuckDB database, and from a SELECT."""

from __future__ import annotations

import json

import duckdb
import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.errors import DataError, DefinitionError

ROWS = """(VALUES ('View', TIMESTAMP '2024-01-05 10:00', 'u1', 12.5),
    ('View', TIMESTAMP '2024-01-05 10:01', 'u2', 99),
    ('Buy', TIMESTAMP '2024-01-05 10:02', 'u1', NULL)) t(what, moment, who, price)"""
AS_EVENTS = """SELECT what AS event_type, moment AS event_time, who AS user_id,
    json_object('price', price) AS event_properties FROM"""


@pytest.fixture
def warehouse(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(f"CREATE TABLE marts.fct_events AS {AS_EVENTS} {ROWS}")
        connection.execute(f"CREATE VIEW raw AS FROM {ROWS}")
    return path


def counts(result, steps="View > Buy"):
    return fk.report(result.output, steps=steps).counts


@pytest.mark.parametrize("table", ["marts.fct_events", "fct_events"])
def test_table_of_a_database_is_read_and_the_database_not_changed(warehouse, tmp_path, table):
    before = warehouse.read_bytes()
    result = fk.import_events(f"{warehouse}::{table}", tmp_path / "events")
    assert (counts(result), counts(result, "View[price > 20] > Buy")) == ((2, 1), (1, 0))
    assert warehouse.read_bytes() == before
    again = fk.import_events(f"{warehouse}::{table}", tmp_path / "events")
    assert (again.known_files, again.total) == (1, 3)


def test_select_runs_on_files_and_on_a_database(warehouse, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    duckdb.sql(f"COPY (FROM {ROWS}) TO 'rows.parquet' (FORMAT parquet)")
    (tmp_path / "files.sql").write_text(f"{AS_EVENTS} 'rows.parquet' -- ours\n;\n")
    (tmp_path / "view.sql").write_text(f"WITH r AS (FROM raw) {AS_EVENTS} r")
    result = fk.import_events([], tmp_path / "a", source_sql="files.sql")
    assert counts(result) == (2, 1)
    result = fk.import_events(warehouse, tmp_path / "b", source_sql="view.sql")
    assert counts(result) == (2, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DROP TABLE x", "holds one SELECT, and nothing else; found: DROP"),
        ("SELECT 1; SELECT 2", "found: SELECT, SELECT"),
        ("SELEC 1", "syntax error"),
        ("", "found: none"),
    ],
)
def test_anything_but_one_select_is_refused(tmp_path, text, said):
    (tmp_path / "q.sql").write_text(text)
    with pytest.raises(DefinitionError, match=said):
        fk.import_events([], tmp_path / "events", source_sql=tmp_path / "q.sql")


def test_table_that_is_not_there_names_those_that_are(warehouse, tmp_path):
    with pytest.raises(DataError, match=r"no table 'fct_event'.*marts\.fct_events"):
        fk.import_events(f"{warehouse}::fct_event", tmp_path / "events")
    with pytest.raises(DataError, match=r"name a table of it.*raw"):
        fk.import_events(warehouse, tmp_path / "events")
    with pytest.raises(DataError, match=r"there is no file .*none\.duckdb"):
        fk.import_events(tmp_path / "none.duckdb::x", tmp_path / "events")


def test_select_that_fails_says_so(tmp_path, capfd):
    (tmp_path / "q.sql").write_text("SELECT * FROM 'nothing.parquet'")
    code = run(["import", "--source-sql", str(tmp_path / "q.sql"), "-o", str(tmp_path / "e")])
    assert code == 3
    assert "q.sql: " in capfd.readouterr().err


def test_import_of_nothing_is_refused(tmp_path, capfd):
    assert run(["import", "-o", str(tmp_path / "e")]) == 2
    assert "no sources" in capfd.readouterr().err


@pytest.mark.parametrize("first", ["lines.jsonl", "table.csv"])
@pytest.mark.parametrize("together", [True, False])
def test_column_of_its_own_may_be_json_here_and_text_there(tmp_path, monkeypatch, first, together):
    monkeypatch.chdir(tmp_path)
    event = {"event_type": "View", "event_time": "2024-01-05 10:00:00", "user_id": "u1"}
    (tmp_path / "lines.jsonl").write_text(json.dumps({**event, "page": "a b", "n": 5}) + "\n")
    (tmp_path / "table.csv").write_text(
        "event_type,event_time,user_id,page,n\nView,2024-01-05 10:01:00,u2,plain,7\n"
    )
    files = sorted(["lines.jsonl", "table.csv"], key=lambda file: file != first)
    for some in [files] if together else [[file] for file in files]:
        result = fk.import_events(some, "events")
    assert result.total == 2
    for page in ("plain", "'a b'"):
        assert fk.report("events", steps=f"View[page is {page}] > View").counts == (1, 0)


EPOCHS = [("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000)]


@pytest.mark.parametrize(("unit", "factor"), EPOCHS)
@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_times_that_are_numbers_are_read_in_the_unit_that_a_report_reads(
    tmp_path, unit, factor, ending
):
    number = 1_704_448_800 * factor
    kind = "INTEGER" if factor == 1 else "BIGINT"
    file = tmp_path / f"a.{ending}"
    duckdb.sql(
        f"COPY (SELECT 'A' AS event_type, 'u' AS user_id, {number}::{kind} AS event_time) "
        f"TO '{file}'"
    )
    result = fk.import_events(file, tmp_path / "events")
    assert f"times read as epoch {unit}, UTC" in result.notes
    for source in (file, tmp_path / "events"):
        second = {"from_": "2024-01-05T10:00:00", "to": "2024-01-05T10:00:01"}
        assert fk.report(source, steps="A", **second).counts == (1,)


def test_seconds_where_amplitude_has_milliseconds_are_doubted(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"event_type":"A","time":1704448800,"user_id":"u"}\n', "utf-8")
    (note,) = fk.import_events(file, tmp_path / "events").notes
    assert "are they seconds?" in note


def test_whole_numbers_of_any_length_arrive_as_they_are(tmp_path):
    database = tmp_path / "w.duckdb"
    with duckdb.connect(database) as connection:
        connection.execute(
            "CREATE TABLE e AS SELECT 'A' AS event_type, now() AS event_time, 'u' AS user_id, "
            "12345678901234567891::HUGEINT AS number"
        )
    fk.import_events(f"{database}::e", tmp_path / "events")
    for number, count in [("12345678901234567891", 1), ("12345678901234567890", 0)]:
        assert fk.report(tmp_path / "events", steps=f"A[number is {number}]").counts == (count,)


def test_a_table_of_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("{}\n", "utf-8")
    with pytest.raises(DataError, match="is no DuckDB database"):
        fk.import_events(f"{tmp_path}/a.json::events", tmp_path / "events")
