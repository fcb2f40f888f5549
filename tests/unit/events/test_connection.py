"""How DuckDB is opened, and how its errors sound."""

import os
import subprocess
import sys

import duckdb
import pytest

from funnelkit.errors import DataError
from funnelkit.events.connection import connect, data_errors


def test_times_without_a_zone_are_utc_whatever_the_machine_says(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    query = "SELECT epoch_us(TIMESTAMPTZ '2020-07-01 00:00:00')"
    assert connect().execute(query).fetchall() == [(1593561600000000,)]


def test_variables_of_python_are_no_tables():
    frame = [1, 2]
    with pytest.raises(duckdb.Error, match="frame does not exist"):
        connect().execute("SELECT * FROM frame").fetchall()
    assert frame


def test_an_error_of_duckdb_is_a_data_error_in_one_line():
    with pytest.raises(DataError) as caught, data_errors("events.csv"):
        connect().execute("SELECT 'x'::INTEGER").fetchall()
    assert str(caught.value).startswith(
        "events.csv: Conversion Error: Could not convert string 'x'"
    )
    assert "\n" not in str(caught.value)


def test_a_long_value_does_not_fill_the_message():
    with pytest.raises(DataError) as caught, data_errors("events.csv"):
        connect().execute("SELECT $value::INTEGER", {"value": "x" * 1000}).fetchall()
    assert len(str(caught.value)) < 300


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux limits a process so")
def test_no_more_threads_are_used_than_the_process_may_run_at_once():
    program = (
        "import os; os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])\n"
        "from funnelkit.events.connection import connect\n"
        "from funnelkit.events.processors import processors\n"
        "threads = connect().execute(\"SELECT current_setting('threads')\").fetchall()\n"
        "print(processors(), threads[0][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1"]
