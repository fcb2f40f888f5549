"""A database for each dialect that can be run, with the same events in all of them."""

from __future__ import annotations

import json
import random
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import databases
import polars as pl
import pytest
from random_funnels import EPOCH, PACES, random_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERS = 150
CITIES = ("Zürich", "Bern", None)
COMPANIES = ({"company": "Acme"}, {"company": ["Acme", "Initech"]}, {})

ODD: tuple[dict[str, Any], ...] = (
    {"$~/ü.[0]": "x", 'it\'s "so"': "it's"},
    {"$~/ü.[0]": "back\\slash\n"},
)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random events as a Parquet file with the columns of Amplitude's export."""
    path = tmp_path_factory.mktemp("exported") / "events.parquet"
    chance = random.Random(7)
    rows: list[dict[str, Any]] = [
        {
            "amplitude_id": int(str(event.user).removeprefix("u")),
            "session_id": event.session_id,
            "event_type": event.event_type,
            "event_time": (EPOCH + timedelta(microseconds=event.time)).replace(tzinfo=None),
            "event_id": event.event_id,
            "uuid": str(uuid.UUID(int=chance.getrandbits(128))),
            "city": chance.choice(CITIES),
            "groups": json.dumps(chance.choice(COMPANIES)),
            "event_properties": json.dumps(event.event_properties | chance.choice(ODD)),
            "user_properties": json.dumps(event.user_properties),
        }
        for event in random_log(5, USERS, PACES[0], "UTC")
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame.with_columns(pl.col("event_time").cast(pl.Datetime("us"))).write_parquet(path)
    return path


@pytest.fixture
def duckdb_database(exported: Path) -> databases.Database:
    database = databases.DuckDB()
    database.load(exported)
    return database


@pytest.fixture
def clickhouse_database(exported: Path) -> Iterator[databases.Database]:
    database = databases.ClickHouse()
    database.load(exported)
    yield database
    database.close()


@pytest.fixture
def spark_database(exported: Path) -> Iterator[databases.Database]:
    database = databases.Spark()
    database.load(exported)
    yield database
    database.close()


@pytest.fixture
def postgres_database(exported: Path) -> Iterator[databases.Database]:
    with databases.postgres_server() as folder:
        database = databases.Postgres(folder)
        database.load(exported)
        yield database
        database.close()
