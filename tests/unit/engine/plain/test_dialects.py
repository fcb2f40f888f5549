from __future__ import annotations

import pytest

from funnelkit import api
from funnelkit.engine.plain.dialects import DIALECTS, find_dialect
from funnelkit.errors import DefinitionError, UnsupportedError

EVERYTHING = {
    "steps": "A[p in (x, 3, true, (none))] > B[n > 9.5 and d >= '2024-01-01'] > C",
    "where": ["user.city contains Ü", "a set is (x, y)", 'q has prefix "it\'s"'],
    "segment": ["one: p is x", "two: user.plan is not y"],
    "group_by": "feature",
    "unit": "session",
    "from_": "2024-01-01",
    "to": "2024-01-31",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_accepts_its_own_statement(dialect):
    """Of Snowflake and BigQuery nothing more is known; the others run it in tests/dialects."""
    sqlglot = pytest.importorskip("sqlglot", reason="sqlglot is not installed")
    statement = api.sql(dialect=dialect, table="events", **EVERYTHING)
    (parsed,) = sqlglot.parse(statement, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert isinstance(parsed, sqlglot.exp.Select)
    assert not list(parsed.find_all(sqlglot.exp.Command))


def test_an_unknown_dialect_is_told_what_is_near():
    with pytest.raises(DefinitionError, match=r"Did you mean 'postgres'\?"):
        find_dialect("postgress")


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "duckdb"])
def test_globs_are_refused_but_in_duckdb(dialect):
    with pytest.raises(UnsupportedError, match=r"glob match .* regular expressions differ"):
        api.sql(dialect=dialect, steps="A[p glob match 'x*']")


@pytest.mark.parametrize("wanted", ["9007199254740993", "-1e16"])
def test_numbers_that_neighbours_cannot_be_told_from_are_refused(wanted):
    for test in ("is", ">"):
        with pytest.raises(UnsupportedError, match="from 2\\^53 on"):
            api.sql(table="events", steps=f"A[p {test} '{wanted}']")


def test_json_is_not_compared_by_its_text():
    with pytest.raises(UnsupportedError, match="the list or object"):
        api.sql(table="events", steps="A[p is '[1, 2]']")


@pytest.mark.parametrize(
    ("dialect", "table", "written"),
    [
        ("postgres", "events", "FROM events\n"),
        ("postgres", "raw.Events", "FROM raw.Events\n"),
        ("snowflake", "DB.SCHEMA_1.EVENTS_1", "FROM DB.SCHEMA_1.EVENTS_1\n"),
        ("bigquery", "my-project.set.events", "FROM `my-project`.set.events\n"),
        ("postgres", 'a"; DROP TABLE b; --', 'FROM "a""; DROP TABLE b; --"\n'),
        ("spark", "a`b", "FROM `a``b`\n"),
    ],
)
def test_a_table_is_named_as_the_dialect_names_it(dialect, table, written):
    assert written in api.sql(dialect=dialect, table=table, steps="A")


def test_columns_may_have_other_names():
    statement = api.sql(table="t", steps="A", columns="user=uid,time=at,event=what")
    for part in ("uid AS unit", "epoch_us(at) AS us", "what AS type"):
        assert part in statement


@pytest.mark.parametrize("name", ["new\nline", "*/", "-- x", "\u2028"])
def test_the_name_of_a_property_stays_in_its_comment(name):
    from funnelkit.model import EventSelector, Filter, Funnel, Property, Step

    asked = Filter(Property(name), "is", ("x",))
    statement = api.sql(table="t", funnel=Funnel(steps=(Step((EventSelector("A", (asked,)),)),)))
    (line,) = [each for each in statement.splitlines() if each.startswith("-- p1: ")]
    assert line.startswith('-- p1: event property "')


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "give the events: Parquet files, or --table NAME"),
        ({"events": "x.parquet", "table": "t"}, "files are read by DuckDB alone"),
        ({"events": "x.parquet", "dialect": "spark"}, "files are read by DuckDB alone"),
        ({"events": "x.parquet", "as_dbt_model": True}, "files are read by DuckDB alone"),
        ({"table": "a..b"}, "a table is NAME or SCHEMA.NAME"),
        ({"table": ""}, "a table is NAME or SCHEMA.NAME"),
    ],
)
def test_files_and_tables_are_not_mixed_up(asked, message):
    with pytest.raises(DefinitionError, match=message):
        api.sql(steps="A", **asked)


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "duckdb"])
def test_a_text_with_a_nul_is_refused_where_no_text_can_hold_it(dialect):
    with pytest.raises(UnsupportedError, match="NUL"):
        api.sql(dialect=dialect, steps="A[p is 'x\0y']")
