"""Reading s3://, against a server that speaks S3."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.errors import DataError, DefinitionError

obstore = pytest.importorskip("obstore", reason="obstore is not installed")

BUCKET = "shop-events"


def events_of(users, day):
    """Each user does A, and every second one B a minute later."""
    start = datetime.fromisoformat(f"2024-01-0{day}")
    rows = [(f"u{user}", "A", start + timedelta(seconds=user)) for user in users]
    rows += [
        (f"u{user}", "B", start + timedelta(seconds=user + 60)) for user in users if user % 2 == 0
    ]
    schema = {"user_id": pl.String, "event_type": pl.String, "event_time": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def parquet(frame):
    from io import BytesIO

    target = BytesIO()
    frame.write_parquet(target)
    return target.getvalue()


def counts(source):
    return fk.report(source, steps="A > B").segments[0].counts


def test_a_delta_table_is_refused_since_not_all_of_its_files_count(put):
    put("lake/shop/_delta_log/00000000000000000000.json", b"{}")
    put("lake/shop/a.parquet", parquet(events_of(range(4), 1)))
    for source in (f"s3://{BUCKET}/lake/shop/", f"s3://{BUCKET}/lake"):
        with pytest.raises(DataError, match="has a Delta table, whose log says which"):
            counts(source)
    assert counts(f"s3://{BUCKET}/lake/shop/a.parquet") == (4, 2)


def test_without_keys_it_is_said_which_variables_have_them():
    from funnelkit.events import bucket

    asked = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 2 ms"
    assert "set AWS_ACCESS_KEY_ID" in bucket._reason(OSError(asked))


def test_one_object_is_read_where_it_lies(put):
    put("2024/events.parquet", parquet(events_of(range(10), 1)))
    result = fk.report(f"s3://{BUCKET}/2024/events.parquet", steps="A > B")
    assert result.segments[0].counts == (10, 5)
    assert result.events.source == f"s3://{BUCKET}/2024/events.parquet"


def test_a_glob_and_a_folder_stand_for_objects_but_not_for_what_is_hidden(put):
    put("day=1/a.parquet", parquet(events_of(range(4), 1)))
    put("day=2/b.parquet", parquet(events_of(range(4, 10), 2)))
    put("day=2/_SUCCESS.parquet", b"")
    put("day=2/notes.txt", b"no events")
    assert counts(f"s3://{BUCKET}/day=*/[ab].parquet") == (10, 5)
    assert counts(f"s3://{BUCKET}/**/b.parquet") == (6, 3)
    assert counts(f"s3://{BUCKET}/day=2") == (6, 3)
    assert counts(f"s3://{BUCKET}") == (10, 5)


def test_values_in_the_names_of_folders_are_properties(put):
    put("city=Bern/a.parquet", parquet(events_of(range(4), 1)))
    put("city=Basel/b.parquet", parquet(events_of(range(4, 10), 2)))
    result = fk.report(f"s3://{BUCKET}/", steps="A[city is Bern] > B")
    assert result.segments[0].counts == (4, 2)


def test_an_object_with_the_signs_of_a_glob_in_its_name_is_one_object(put):
    put("a [1].parquet", parquet(events_of(range(4), 1)))
    put("a 1.parquet", parquet(events_of(range(10), 1)))
    assert counts(f"s3://{BUCKET}/a [[]1].parquet") == (4, 2)


def test_the_name_of_an_object_comes_before_a_glob(put):
    put("a [1].parquet", parquet(events_of(range(4), 1)))
    assert counts(f"s3://{BUCKET}/a [1].parquet") == (4, 2)


def test_local_files_and_objects_are_read_together(put, tmp_path):
    put("a.parquet", parquet(events_of(range(4), 1)))
    events_of(range(4, 10), 2).write_parquet(tmp_path / "b.parquet")
    assert counts([f"s3://{BUCKET}/a.parquet", tmp_path / "b.parquet"]) == (10, 5)


def test_compressed_json_lines_are_fetched_and_converted(put):
    lines = "".join(
        json.dumps({"user_id": f"u{user}", "event_type": kind, "time": 1_704_000_000_000 + more})
        + "\n"
        for user in range(3)
        for kind, more in (("A", 0), ("B", 1_000 * (user + 1)))
    )
    put("events.jsonl.gz", gzip.compress(lines.encode()))
    assert counts(f"s3://{BUCKET}/events.jsonl.gz") == (3, 3)


def test_columns_that_nobody_asks_for_are_not_fetched(put, monkeypatch):
    from io import BytesIO

    from pyarrow.parquet import read_metadata

    frame = events_of(range(50_000), 1)
    others = {
        f"other_{number}": pl.int_range(pl.len()).hash(number).cast(pl.String)
        for number in range(3)
    }
    content = parquet(frame.select("user_id", **others, payload="event_type").with_columns(frame))
    put("wide.parquet", content)
    fetched = []
    get_range = obstore.get_range

    def noted(store, key, *, start, end):
        fetched.append((start, end))
        return get_range(store, key, start=start, end=end)

    monkeypatch.setattr(obstore, "get_range", noted)
    assert counts(f"s3://{BUCKET}/wide.parquet") == (50_000, 25_000)
    columns = read_metadata(BytesIO(content)).row_group(0)
    chunk = columns.column(frame.columns.index("user_id") + 2)
    assert chunk.path_in_schema == "other_1"
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    assert not any(start <= middle < end for start, end in fetched)
    assert sum(end - start for start, end in set(fetched)) < len(content) / 2


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"s3://{BUCKET}/a/evnets.parquet", "has no object 'a/evnets.parquet'"),
        (f"s3://{BUCKET}/a/evnets.parquet", "Did you mean 'a/events.parquet'"),
        (f"s3://{BUCKET}/a/*.csv", "no object of the bucket shop-events matches 'a/*.csv'"),
        ("s3://no-such-bucket/a/*.parquet", "no-such-bucket cannot be read: NoSuchBucket"),
        ("s3:///a", "names no bucket"),
        ("gs://bucket/a", "neither a local path nor s3://"),
    ],
)
def test_what_is_not_there_is_named(put, address, said):
    put("a/events.parquet", parquet(events_of(range(4), 1)))
    with pytest.raises(DataError) as error:
        counts(address)
    assert said in str(error.value)


def test_an_object_that_is_no_parquet_is_named(put):
    put("a/events.parquet", b"no Parquet at all, but long enough to be")
    with pytest.raises(DataError, match=rf"s3://{BUCKET}/a/events\.parquet"):
        counts(f"s3://{BUCKET}/a/events.parquet")


def test_without_obstore_the_extra_is_named(monkeypatch):
    import sys

    from funnelkit.events import bucket

    bucket.open_bucket.cache_clear()
    for module in ("obstore", "obstore.store", "obstore.exceptions"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DefinitionError, match=r"pip install 'funnelkit\[s3\]'"):
        counts("s3://bucket/a.parquet")
