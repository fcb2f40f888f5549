"""A report on a store says what it says on the events that were imported into it."""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from threading import Event

import duckdb
import polars as pl
import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.engine import select, stream
from funnelkit.engine.entry import Entry
from funnelkit.engine.query import Query
from funnelkit.errors import DataError, DefinitionError, UnsupportedError
from funnelkit.events.connection import connect
from funnelkit.events.sources import open_events
from funnelkit.events.store.compaction import compact
from funnelkit.events.store.forgetting import forget
from funnelkit.events.store.layout import bucket_of, bucket_sql
from funnelkit.events.store.lock import writing
from funnelkit.events.store.place import StoreVersion
from funnelkit.events.store.reading import open_store, snapshot
from funnelkit.events.store.selections import kept_selections
from funnelkit.events.store.state import commits
from funnelkit.events.store.vacuum import vacuum
from funnelkit.events.store.versions import held_versions
from funnelkit.events.store.writing import append
from funnelkit.events.view import EventView
from funnelkit.specs.define import define

WORKSHOP = "ProductViewed > ProductAdded > CheckoutStarted > OrderCompleted"
ASKED = (
    {},
    {"group_by": "category"},
    {"where": "price > 50", "interval": "week"},
    {"hold": "productId"},
    {"count_by": "totals", "unit": "session"},
    {"order": "any"},
    {"users": "new"},
    {"from_": "2026-04-10", "to": "2026-04-12", "window": "2h"},
)


def stored(folder, source, **options):
    with open_events(source) as table, writing(folder):
        return append(folder, table, **options)


@pytest.fixture(scope="module")
def sample(repository):
    return repository / "sample_events" / "workshop"


@pytest.fixture(scope="module")
def store(tmp_path_factory, sample):
    """The sample, in two imports: each bucket has several files."""
    folder = tmp_path_factory.mktemp("sample") / "store"
    stored(folder, sample / "pre.parquet", buckets=4)
    stored(folder, sample / "post.parquet")
    return folder


def numbers(events, **asked):
    found = fk.report(events, steps=WORKSHOP, **asked)
    return [(one.name, one.to_dict()) for one in found.segments]


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("small", [True, False])
def test_a_store_gives_the_numbers_of_the_files(store, sample, asked, small, monkeypatch):
    wanted = numbers([sample / "pre.parquet", sample / "post.parquet"], **asked)
    if not small:
        monkeypatch.setattr(select, "SMALL", 0)
    assert numbers(store, **asked) == wanted
    assert numbers(store, **asked) == wanted  # from what the first one kept


@pytest.fixture(scope="module")
def merged(tmp_path_factory, sample):
    """The sample with users as numbers, before and after every tenth of them was merged away."""
    folder = tmp_path_factory.mktemp("merged")
    number = (pl.col("user_id").cast(pl.Int64) + 1).alias("amplitude_id")
    events = pl.concat(
        [pl.read_parquet(sample / f"{name}.parquet") for name in ("pre", "post")], how="diagonal"
    ).with_columns(number)
    own = pl.col("amplitude_id")
    away = own % 10 == 3
    events.write_parquet(folder / "before.parquet")
    events.with_columns(pl.when(away).then(own + 1).otherwise(own)).write_parquet(
        folder / "after.parquet"
    )
    stored(folder / "store", folder / "before.parquet", buckets=4)
    said = {"scope": 1, "merge_time": 1_775_100_000_000, "merge_server_time": 1_775_100_000_000}
    lines = [
        json.dumps(said | {"amplitude_id": one, "merged_amplitude_id": one + 1})
        for one in events.filter(away)["amplitude_id"].unique()
    ]
    (folder / "merges.jsonl").write_text("\n".join(lines), "utf-8")
    fk.import_events(folder / "merges.jsonl", store=folder / "store")
    return folder


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("small", [True, False])
def test_a_store_gives_the_numbers_of_users_that_were_merged_later(
    merged, asked, small, monkeypatch
):
    wanted = numbers(merged / "after.parquet", **asked)
    assert wanted != numbers(merged / "before.parquet", **asked)
    if not small:
        monkeypatch.setattr(select, "SMALL", 0)
    assert numbers(merged / "store", **asked) == wanted
    assert numbers(merged / "store", **asked) == wanted  # from what the first one kept


def test_a_version_gives_its_number_for_ever(store, sample):
    assert numbers(fk.store(store, version=1)) == numbers(sample / "pre.parquet")
    time = next(held_versions(store)).version.time
    with pytest.raises(DefinitionError, match="no version as of"):
        fk.report(fk.store(store, as_of="2001-01-01"), steps="ProductViewed")
    assert fk.store(store, as_of=time).open().rows == 0
    assert "version 1" in fk.report(fk.store(store, version=1), steps=WORKSHOP).events.source


def test_the_first_and_the_last_event_of_a_version_are_known_without_a_look_at_events(store):
    for version in (0, 1, 2):
        with open_events(StoreVersion(store, version)) as table:
            known, asked = select.time_range(table), select.time_range(replace(table, ends=None))
        assert known == asked
        assert (known is None) == (version == 0)


@pytest.mark.parametrize("small", [10**9, 0], ids=["as lists", "as arrays"])
def test_a_store_that_is_read_otherwise_gives_the_numbers_of_the_rows_that_are_left(
    store, sample, small, monkeypatch, tmp_path
):
    monkeypatch.setattr(select, "SMALL", small)
    until = 1_776_000_000_000_000  # 2026-04-12 13:20
    view = EventView(until=until)
    counts = []
    for number, source in enumerate((store, [sample / "pre.parquet", sample / "post.parquet"])):
        with open_events(source) as table:
            left = view.table(table, tmp_path / f"{number}.parquet")
            assert 0 < left.rows < table.rows
            assert select.time_range(left)[1] < until
            rows = select.select(define(steps=WORKSHOP), left)
            counts.append(rows.match(Entry(window=2_592_000_000_000)).counts())
    assert counts[0] == counts[1]


def test_a_time_that_is_not_over_is_said_to_give_no_lasting_number(store, capsys):
    asked = ["report", "--store", str(store), "--steps", "ProductViewed", "--as-of"]
    assert run([*asked, "2999-12-31"]) == 0
    assert "note: --as-of 2999-12-31 is not over yet" in capsys.readouterr().err
    assert run([*asked, "2020-01-01"]) == 2
    assert "no version as of 2020-01-02 00:00:00 UTC: it began" in capsys.readouterr().err


def test_an_unknown_version_is_an_error_that_names_those_there_are(store):
    with pytest.raises(DefinitionError, match="has no version 9; it has 0 to 2"):
        fk.report(fk.store(store, version=9), steps=WORKSHOP)


def test_compaction_keeps_order_and_every_number(tmp_path, sample):
    folder = tmp_path / "store"
    for part in ("pre", "post"):
        stored(folder, sample / f"{part}.parquet", buckets=2)
    with pl.Config():
        half = pl.read_parquet(sample / "pre.parquet")
    half = half.with_columns(pl.col("event_id") + 10_000_000, (pl.col("$insert_id") + "x"))
    stored(folder, half)
    before = [numbers(folder, **asked) for asked in ASKED]
    done = compact(folder)
    assert (done.before, done.after) == (6, 4)
    assert [numbers(folder, **asked) for asked in ASKED] == before
    for file in snapshot(folder).files:
        ids = pl.read_parquet(folder / file.path).select("amplitude_id", "event_time")
        assert ids.equals(ids.sort("amplitude_id", "event_time"))
    assert compact(folder).before == compact(folder).after


def test_the_same_events_twice_are_there_once(tmp_path, sample):
    first = stored(tmp_path / "store", sample / "pre.parquet")
    again = stored(tmp_path / "store", sample / "pre.parquet")
    assert (first.events, again.events, again.known) == (5798, 0, 5798)
    assert again.version == first.version


def test_polars_and_duckdb_read_the_files(store):
    frame = pl.scan_delta(str(store)).select("event_type", "event_properties").collect()
    assert len(frame) == open_store(store).rows
    prices = frame["event_properties"].struct.field("price").sum()
    with duckdb.connect() as connection:
        count, total = connection.execute(
            "SELECT count(*), sum(event_properties.price) "
            f"FROM read_parquet('{store}/month=*/bucket=*/*.parquet', union_by_name = true)"
        ).fetchall()[0]
    assert (count, round(total, 2)) == (len(frame), round(prices, 2))


def test_buckets_in_sql_are_those_in_python():
    ids = [0, 1, 7, 48271, 2**31 - 1, 2**31, 10**12, 2**62, 2**63 - 1, -1, -(2**62), -(2**63)]
    with closing(connect()) as connection:
        for buckets in (1, 3, 16, 4096):
            sql = f"SELECT {bucket_sql('id', buckets)} FROM (SELECT unnest($ids::BIGINT[]) AS id)"
            found = [one for (one,) in connection.execute(sql, {"ids": ids}).fetchall()]
            assert found == [bucket_of(one, buckets) for one in ids]
            assert all(0 <= one < buckets for one in found)


@pytest.mark.parametrize("stride", [1, 2, 16, 256, 1000, 65536])
def test_ids_of_any_pattern_are_spread_over_the_buckets(stride):
    found = [bucket_of(10**11 + number * stride, 16) for number in range(8000)]
    counts = [found.count(bucket) for bucket in range(16)]
    assert max(counts) < 1.3 * min(counts)


def everything_in(folder):
    """Return all bytes of a folder, of Parquet files as the text of all their values."""
    text = b""
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            text += path.read_bytes() + repr(pl.read_parquet(path).to_dicts()).encode()
        elif path.is_file():
            text += path.name.encode() + path.read_bytes()
    return text


def events(*rows):
    return pl.DataFrame(
        [
            {"user_id": user, "device_id": device, "amplitude_id": number, "event_type": kind}
            for user, device, number, kind in rows
        ],
        schema={
            "user_id": pl.String, "device_id": pl.String, "amplitude_id": pl.Int64,
            "event_type": pl.String,
        },
    ).with_columns(
        event_time=pl.datetime_range(
            pl.datetime(2026, 4, 1), pl.datetime(2026, 4, len(rows)), "1d", eager=True
        ),
        uuid=pl.concat_str(pl.lit("event-"), pl.int_range(pl.len()).cast(pl.String)),
    )  # fmt: skip


def test_a_forgotten_user_is_in_no_byte_of_any_file(tmp_path):
    folder = tmp_path / "store"
    rows = [
        ("erika-mustermann", "her-phone", 71000001, "A"),
        (None, "her-phone", 71000001, "A"),
        ("other", "desk", 72000002, "A"),
        ("erika-mustermann", "her-phone", 71000001, "B"),
    ]
    stored(folder, events(*rows), buckets=2)
    stored(folder, events(*rows).with_columns(pl.col("uuid") + "-later"))
    compact(folder)
    for wanted in (b"erika-mustermann", b"her-phone", b"71000001"):
        assert wanted in everything_in(folder)
    rejects = folder / "_funnelkit" / "rejects" / "1.jsonl"
    rejects.parent.mkdir()
    rejects.write_text('{"text": "erika-mustermann"}\n{"text": "other"}\n', "utf-8")
    killed = folder / "_funnelkit" / "import-killed" / "lines.jsonl"
    killed.parent.mkdir()
    killed.write_text('{"user_id": "erika-mustermann"}\n', "utf-8")
    done = forget(folder, "erika-mustermann")
    assert rejects.read_text("utf-8") == '{"text": "other"}\n'
    assert (done.events, done.amplitude_ids) == (6, (71000001,))
    found = everything_in(folder)
    for gone in (b"erika-mustermann", b"her-phone", b"71000001"):
        assert gone not in found
    assert fk.report(folder, steps="A").counts == (1,)
    with pytest.raises(DataError, match="cannot be read any more"):
        fk.report(fk.store(folder, version=1), steps="A")
    with pytest.raises(DataError, match="no events of a user 'erika-mustermann'"):
        forget(folder, "erika-mustermann")


def test_an_id_of_two_users_is_refused_before_anybody_is_forgotten(tmp_path):
    folder = tmp_path / "store"
    stored(folder, events(("5", "d1", 71, "A"), ("erika", "d2", 5, "A"), ("72", "d3", 72, "A")))
    with pytest.raises(DefinitionError, match=r"'5' is the user_id of one user.* is 71, and the"):
        forget(folder, "5")
    assert open_store(folder).rows == 3
    assert forget(folder, "71").amplitude_ids == (71,)
    assert forget(folder, "erika").amplitude_ids == (5,)
    assert forget(folder, "72").amplitude_ids == (72,)


def test_vacuum_erases_what_killed_imports_left_and_old_versions(tmp_path, sample):
    folder = tmp_path / "store"
    stored(folder, sample / "pre.parquet", buckets=1)
    stored(folder, sample / "post.parquet")
    orphan = folder / "month=2026-04" / "bucket=0" / "orphan.parquet"
    orphan.write_bytes(b"PAR1 half a fi")
    before = numbers(folder)
    assert vacuum(folder).files == ("month=2026-04/bucket=0/orphan.parquet",)
    assert not orphan.exists()
    stored(folder, events(("u1", "d1", 5, "A")))
    stored(folder, events(("u1", "d1", 5, "A")).with_columns(uuid=pl.lit("later")))
    compact(folder)
    from datetime import timedelta

    erased = vacuum(folder, keep=timedelta(0))
    assert erased.versions
    assert numbers(folder) == before
    assert [held.readable for held in held_versions(folder)][-1]


def test_a_later_format_is_refused_by_name(tmp_path):
    folder = tmp_path / "store"
    stored(folder, events(("u1", "d1", 5, "A")))
    log = folder / "_delta_log" / f"{commits(folder)[-1]:020}.json"
    log.write_text(log.read_text("utf-8").replace('"format":1', '"format":2'), "utf-8")
    with pytest.raises(UnsupportedError, match="format 2 of a later funnelkit"):
        fk.report(folder, steps="A")


def test_a_delta_table_of_somebody_else_is_refused(tmp_path):
    import deltalake

    deltalake.write_deltalake(tmp_path / "table", pl.DataFrame({"a": [1]}))
    with pytest.raises(DataError, match="not one that funnelkit made"):
        fk.report(tmp_path / "table", steps="A")


def test_a_store_beside_other_events_is_refused(store, sample):
    with pytest.raises(DefinitionError, match="is a store, which is read by itself"):
        fk.report([store, sample / "pre.parquet"], steps="ProductViewed")


def test_an_amplitude_id_that_is_no_number_is_refused_and_nothing_is_kept(tmp_path):
    rows = events(("u1", "d1", 5, "A")).with_columns(amplitude_id=pl.lit("five"))
    with pytest.raises(DataError, match="'five', which is no whole number"):
        stored(tmp_path / "store", rows)
    assert open_store(tmp_path / "store").rows == 0


def test_a_commit_after_another_one_is_refused(tmp_path):
    from funnelkit.events.store.commit import commit

    folder = tmp_path / "store"
    stored(folder, events(("u1", "d1", 5, "A")))
    stale = snapshot(folder, 0)
    with pytest.raises(DataError, match="another import changed the store at the same time"):
        commit(folder, version=0, operation="import", state=stale.state, catalogue=stale.catalogue)


IMPORT = """
import sys
from pathlib import Path
from funnelkit.events.sources import open_events
from funnelkit.events.store.lock import writing
from funnelkit.events.store.writing import append
from funnelkit.events.view import EventView
from funnelkit.specs.define import define
folder = Path(sys.argv[1])
with open_events(sys.argv[2]) as table, writing(folder):
    append(folder, table, buckets=4)
"""


def importing(folder, source, **more):
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(folder), str(source)],
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.mark.slow
def test_two_imports_at_once_both_succeed(tmp_path, sample):
    folder = tmp_path / "store"
    both = [importing(folder, sample / f"{part}.parquet") for part in ("pre", "post")]
    assert [one.communicate()[1] for one in both] == ["", ""]
    assert open_store(folder).rows == open_rows(sample)


def open_rows(folder):
    with open_events(folder) as table:
        return table.rows


@pytest.mark.slow
def test_a_full_disk_is_a_clear_error_and_loses_nothing(tmp_path, sample):
    resource = pytest.importorskip("resource", reason="limits of files are POSIX")
    folder = tmp_path / "store"
    stored(folder, sample / "pre.parquet", buckets=1)

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    code = (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from funnelkit.errors import DataError\n"
        "try:\n    "
        + IMPORT.strip().replace("\n", "\n    ")
        + "\nexcept DataError as error:\n    sys.exit(f'error: {error}')\n"
    ).replace("buckets=4", "buckets=1")
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(sample / "post.parquet")],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=small_files,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {folder}")
    assert numbers(folder) == numbers(sample / "pre.parquet")


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        stored(tmp_path / "file" / "store", events(("u1", "d1", 5, "A")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_clear_error(tmp_path):
    folder = tmp_path / "store"
    stored(folder, events(("u1", "d1", 5, "A")))
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    with pytest.raises(DataError, match="cannot be written: Permission denied"):
        stored(folder, events(("u2", "d2", 6, "A")))
    assert fk.report(folder, steps="A").counts == (1,)


FEBRUARY_ON = ["2026-02", "2026-03", "2026-04"]


def months(tmp_path):
    """One user, an event per month from January to March; those of February at the edges."""
    times = {
        "A": ["2026-01-15 00:00:00", "2026-02-01 00:00:00.000001", "2026-03-31 23:59:59.999999"],
        "B": ["2026-02-28 23:59:59.999999", "2026-04-01 00:00:00"],
    }
    rows = [
        {"amplitude_id": 1, "event_type": kind, "event_time": time}
        for kind, some in times.items()
        for time in some
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "events.parquet")
    fk.import_events(tmp_path / "events.parquet", store=tmp_path / "store", buckets=1)
    return tmp_path / "store"


@pytest.fixture
def opened(monkeypatch):
    """The months of the files that were read."""
    monkeypatch.setattr(select, "SMALL", -1)
    found = []
    of_bucket = Query.of_bucket

    def noted(self, files):
        found.append([part[6:] for file in files for part in file.split("/") if "month=" in part])
        return of_bucket(self, files)

    monkeypatch.setattr(Query, "of_bucket", noted)
    return found


@pytest.mark.parametrize(
    ("asked", "months_read", "counts"),
    [
        ({}, ["2026-01", *FEBRUARY_ON], (1, 1)),
        ({"from_": "2026-02-01", "to": "2026-02-28", "window": "1d"}, ["2026-02"], (1, 0)),
        ({"from_": "2026-02-01", "to": "2026-02-28"}, ["2026-02"], (1, 1)),
        ({"from_": "2026-02-01", "to": "2026-02-28", "window": "31d"}, FEBRUARY_ON, (1, 1)),
        ({"from_": "2026-03-31", "to": "2026-03-31", "window": "1s"}, FEBRUARY_ON[1:], (1, 1)),
        ({"from_": "2026-01-16", "to": "2026-01-31", "window": "1d"}, ["2026-02"], (0, 0)),
        ({"from_": "2025-01-01", "to": "2025-01-31", "window": "1d"}, [], (0, 0)),
        ({"from_": "2026-03-01", "window": "1d"}, FEBRUARY_ON[1:], (1, 1)),
        ({"from_": "2026-03-01", "users": "new"}, ["2026-01", *FEBRUARY_ON], (0, 0)),
    ],
    ids=str,
)  # fmt: skip
def test_only_months_that_matter_are_read(tmp_path, opened, asked, months_read, counts):
    store = months(tmp_path)
    assert fk.report(fk.store(store, cache=False), steps="A > B", **asked).counts == counts
    assert opened == [months_read]


def test_an_import_into_another_month_leaves_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(select, "SMALL", -1)
    store = months(tmp_path)
    asked = {"steps": "A > B", "from_": "2026-02-01", "to": "2026-02-28", "window": "1d"}
    fk.report(store, **asked)
    before = {file.name for file in kept_selections(store)}
    pl.DataFrame(
        {"amplitude_id": [2], "event_type": ["A"], "event_time": ["2026-06-01 00:00:00"]}
    ).write_parquet(tmp_path / "late.parquet")
    fk.import_events(tmp_path / "late.parquet", store=store)
    assert fk.report(store, **asked).counts == (1, 0)
    assert {file.name for file in kept_selections(store)} == before


def test_a_bucket_that_cannot_be_read_is_told_while_another_is_still_read(store, monkeypatch):
    """The connection of the other cannot be closed before."""
    begun = Event()

    def bucket(self, *_args, **_options):
        if begun.is_set():
            raise DataError("the second bucket")
        begun.set()
        self.connection.execute("SELECT count(*) FROM range(2_000_000_000)").fetchall()
        return []

    monkeypatch.setattr(select, "SMALL", -1)
    monkeypatch.setattr(stream, "processors", lambda: 2)
    monkeypatch.setattr(stream.Stream, "bucket", bucket)
    with pytest.raises(DataError, match="the second bucket"):
        fk.report(fk.store(store, cache=False), steps=WORKSHOP)
