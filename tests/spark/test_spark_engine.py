"""The Spark engine as people use it: from Python in a running session, and from the shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from unittest.mock import patch

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.engine.spark import jobs
from funnelkit.errors import DataError, DefinitionError

pytestmark = pytest.mark.spark
in_a_session = pytest.mark.usefixtures("spark")

START = datetime.fromisoformat("2024-01-01")
USERS = 60


def shop(first=0, end=USERS, **more):
    """Users who look, mostly buy a minute later, and pay in one of many cities."""
    rows = [
        (f"u{user}", kind, START + timedelta(hours=user, minutes=place), f"city {user % 23}", 0.1)
        for user in range(first, end)
        for place, kind in enumerate(["look", "look", "buy", "pay"][: 1 + user % 4])
    ]
    columns = ["user_id", "event_type", "event_time", "city", "price"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(**more)


@contextmanager
def cut_short():
    """Have a file of a few rows cut into pieces."""
    with patch.object(jobs, "LEAST_ROWS", 7), patch.object(jobs, "MOST_ROWS", 7):
        yield


ALL = {
    "steps": "look > buy > pay",
    "group_by": "city",
    "group_limit": 5,
    "interval": "day",
    "sum": "price",
    "time_to_convert": True,
    "by_age": True,
    "frequency": True,
    "segment": ["everybody: city is not nowhere", "often: performed(look) >= 2"],
}


def same_answers(source, **definition):
    ours = fk.report(source, engine="spark", **definition)
    assert ours.segments == fk.report(source, **definition).segments
    return ours


@in_a_session
def test_files_that_are_cut_and_have_different_columns_give_one_answer(tmp_path):
    shop(0, 30).write_parquet(tmp_path / "a.parquet", row_group_size=5)
    shop(30, USERS, plan=pl.lit("pro")).write_parquet(tmp_path / "b.parquet", row_group_size=5)
    with cut_short():
        result = same_answers(tmp_path, **ALL)
        assert result.segments[0].groups_left_out == 18
        assert result.segments[0].counts[0] == USERS
        same_answers(tmp_path, steps="look[plan is pro] > buy", compare_event="2: pay")


@in_a_session
def test_the_keys_of_folders_are_properties(tmp_path):
    for plan, first, end in (("free", 0, 30), ("pro", 30, USERS)):
        (tmp_path / f"plan={plan}").mkdir()
        shop(first, end).write_parquet(tmp_path / f"plan={plan}" / "events.parquet")
    same_answers(tmp_path, steps="look[plan is pro] > buy", group_by="plan")
    same_answers(tmp_path, steps="look > buy", group_by="plan", users="new")


@in_a_session
def test_properties_whose_names_differ_by_case_stay_apart(tmp_path):
    properties = pl.struct(pl.lit("x").alias("p"), pl.col("city").alias("P"))
    for name, first, end in (("a", 0, 30), ("b", 30, USERS)):
        frame = shop(first, end, event_properties=properties)
        frame.write_parquet(tmp_path / f"{name}.parquet")
    for where in ("p is x", "P is 'city 3'"):
        same_answers(tmp_path, steps="look > buy", where=where, users="new")


@in_a_session
def test_a_period_before_and_a_baseline_come_with_the_answer(tmp_path):
    shop().write_parquet(tmp_path / "events.parquet")
    known = {"steps": "look > buy", "from_": "2024-01-02", "to": "2024-01-03"}
    before = {"compare_to": "previous", **known}
    ours = fk.report(tmp_path, engine="spark", **before)
    assert ours.compared_to == fk.report(tmp_path, **before).compared_to
    sides = {"segment": ["a: city is 'city 1'", "b: city is 'city 2'"], "baseline": "a"}
    ours = fk.report(tmp_path, engine="spark", **known, **sides)
    assert ours.ab == fk.report(tmp_path, **known, **sides).ab


@in_a_session
def test_a_store_is_read_with_its_merges(tmp_path):
    pytest.importorskip("deltalake", reason="deltalake is not installed")
    store = tmp_path / "store"
    names = {"user_id": pl.col("user_id"), "amplitude_id": pl.int_range(pl.len()) // 4 + 1}
    for name, first, end in (("a", 0, 30), ("b", 30, USERS)):
        frame = shop(first, end, **names, uuid=pl.int_range(pl.len()).cast(pl.String) + name)
        frame.write_parquet(tmp_path / f"{name}.parquet")
    merge = {
        "scope": 1,
        "merge_time": 1_775_100_000_000,
        "merge_server_time": 1_775_100_000_000,
        "amplitude_id": 3,
        "merged_amplitude_id": 2,
    }
    (tmp_path / "merges.jsonl").write_text(json.dumps(merge) + "\n", "utf-8")
    sources = [str(tmp_path / name) for name in ("a.parquet", "b.parquet", "merges.jsonl")]
    assert fk.import_events(sources, store=store, buckets=4).merges == 1
    same_answers(store, steps="look > buy > pay", group_by="city", interval="day")
    same_answers(store, steps="look > buy > pay", users="new")


@in_a_session
def test_nobody_is_an_answer(tmp_path):
    shop().write_parquet(tmp_path / "events.parquet")
    asked = ALL | {"steps": "loook > buy > pay"}
    ours = same_answers(tmp_path, **asked)
    assert ours.segments[0].counts == (0, 0, 0)
    assert "'loook'" in ours.warnings[0]


@in_a_session
def test_a_file_that_vanishes_is_named(tmp_path):
    shop().write_parquet(tmp_path / "events.parquet")

    def vanished(*arguments, **known):
        found = job_of(*arguments, **known)
        (tmp_path / "events.parquet").unlink()
        return found

    job_of = jobs.job_of
    with (
        patch("funnelkit.engine.spark.answers.job_of", vanished),
        pytest.raises(DataError, match=r"a worker cannot read the events: .*events\.parquet"),
    ):
        fk.report(tmp_path, steps="look > buy", engine="spark")


@in_a_session
def test_another_master_than_that_of_the_session_is_refused(tmp_path):
    shop().write_parquet(tmp_path / "events.parquet")
    with pytest.raises(DefinitionError, match=r"running on local\[2\], not on local\[1\]"):
        fk.report(tmp_path, steps="look > buy", engine="spark", master="local[1]")


@pytest.fixture
def bucket():
    """The environment in which s3://shop is a bucket of a server that runs."""
    moto_server = pytest.importorskip("moto.server", reason="moto is not installed")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"

    from obstore.store import S3Store

    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}/shop", method="PUT")):
        pass
    keys = {"access_key_id": "testing", "secret_access_key": "testing", "region": "us-east-1"}
    store = S3Store("shop", endpoint=endpoint, client_options={"allow_http": True}, **keys)
    for name, first, end in (("a", 0, 30), ("b", 30, USERS)):
        content = BytesIO()
        shop(first, end).write_parquet(content)
        store.put(f"day/{name}.parquet", content.getvalue())
    yield {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }
    server.stop()


def test_two_worker_processes_read_object_storage(bucket, tmp_path):
    """A cluster of two workers on this machine, each a JVM of its own that starts Python."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "funnelkit", "report", "s3://shop/day/*.parquet"),
            *("--steps", "look > buy > pay", "--group-by", "city", "--users", "new"),
            *("--engine", "spark", "--master", "local-cluster[2,1,1024]", "--format", "json"),
        ],
        env={**os.environ, **bucket},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shop().write_parquet(tmp_path / "events.parquet")
    expected = fk.report(
        tmp_path / "events.parquet", steps="look > buy > pay", group_by="city", users="new"
    )
    assert json.loads(done.stdout)["segments"] == expected.to_dict()["segments"]
