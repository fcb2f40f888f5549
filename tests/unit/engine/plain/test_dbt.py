from __future__ import annotations

import duckdb
import pytest

from funnelkit import api
from funnelkit.engine.plain.dbt import HOLE, dbt_model
from funnelkit.errors import DefinitionError
from funnelkit.model import EventSelector, Filter, Funnel, Property, Step

jinja2 = pytest.importorskip("jinja2", reason="jinja2 is not installed")


def rendered(model):
    """What dbt makes of a model: its own functions are there, and no other name is."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    return environment.from_string(model).render(
        config=lambda **_asked: "",
        ref=lambda name: f'"the_{name}"',
        source=lambda source, name: f'"{source}"."the_{name}"',
    )


@pytest.mark.parametrize(
    "text",
    ["{{ x }}", "{% x %}", "{# x #}", "{{{", "{{%", "}}", "%}", "{", "a {{ ref('b') }}", "{%- raw"],
)
def test_what_looks_like_a_tag_stays_text(text):
    assert rendered(dbt_model(f"SELECT '{text}' FROM {HOLE}", "events")).strip() == (
        f"SELECT '{text}' FROM \"the_events\""
    )


def test_a_name_is_a_model_and_two_are_a_source_and_its_table():
    assert "FROM {{ ref('events') }}" in dbt_model(f"FROM {HOLE}", "events")
    assert "FROM {{ source('amplitude', 'events') }}" in dbt_model(
        f"FROM {HOLE}", "amplitude.events"
    )


@pytest.mark.parametrize("table", ["a.b.c", "it's", "a b", "", "a."])
def test_a_table_that_dbt_cannot_name_is_refused(table):
    with pytest.raises(DefinitionError, match="a dbt model reads another one"):
        dbt_model(f"FROM {HOLE}", table)


def test_a_model_runs_when_it_is_rendered():
    event = "{{ odd }}"
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE TABLE the_events AS
        SELECT 1 AS amplitude_id, name AS event_type, TIMESTAMP '2024-01-01' AS event_time,
            '{"p": "{% x %}"}' AS event_properties
        FROM (VALUES ('{{ odd }}'), ('B')) AS named (name)
        """
    ).fetchall()
    asked = Filter(Property("p"), "is", ("{% x %}",))
    funnel = Funnel(steps=(Step((EventSelector(event, (asked,)),)), Step((EventSelector("B"),))))
    model = api.sql(funnel=funnel, as_dbt_model=True)
    assert model.startswith("{{ config(materialized='table') }}")
    rows = connection.execute(rendered(model)).fetchall()
    assert rows == [(1, event, 1), (2, "B", 1)]


def test_a_model_of_another_dialect_is_in_that_dialect():
    model = api.sql(steps="A", dialect="spark", table="lake.events", as_dbt_model=True)
    assert "unix_micros" in model
    assert "{{ source('lake', 'events') }}" in model
