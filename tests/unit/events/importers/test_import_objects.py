"""Objects in object storage are imported as files are; one at a time is on this machine."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

import funnelkit as fk
from funnelkit.api.importing import source_bytes
from funnelkit.errors import DataError, DefinitionError

S3 = "s3://shop-events"
EVENTS = [  # who, what, on which day of January
    (1, "View", 1), (1, "Add", 2),
    (2, "View", 2), (2, "Add", 3),
    (3, "View", 3),
]  # fmt: skip
COUNTS = (3, 2)


def rows(*, days):
    """Return the events of these days as Amplitude exports them."""
    return [
        {
            "amplitude_id": user,
            "event_type": kind,
            "event_time": f"2024-01-0{day} 10:00:00.000000",
            "uuid": f"{user}-{kind}",
        }
        for user, kind, day in EVENTS
        if day in days
    ]


def lines(*, days):
    return "".join(json.dumps(row) + "\n" for row in rows(days=days)).encode()


def archive(**members):
    """Return a ZIP with members of gzipped lines, as the Export API has them."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in members.items():
            file.writestr(f"187520/{name}.json.gz", gzip.compress(content))
    return target.getvalue()


def parquet(*, days):
    target = io.BytesIO()
    pl.DataFrame(rows(days=days)).write_parquet(target)
    return target.getvalue()


def counts(events):
    return fk.report(events, steps="View > Add").counts


@pytest.fixture(params=["folder", "store"])
def target(request, tmp_path):
    """Return where to import to, as options of an import."""
    if request.param == "store":
        pytest.importorskip("deltalake")
        return {"store": tmp_path / "events", "buckets": 2}
    return {"output": tmp_path / "events"}


def test_a_prefix_with_archives_is_imported_and_changes_nothing_the_second_time(
    put, target, tmp_path
):
    put("export/2024-01-01.zip", archive(h10=lines(days=[1]), h11=lines(days=[2])))
    put("export/2024-01-03.zip", archive(h10=lines(days=[3])))
    put("export/readme.txt", b"no events")
    result = fk.import_events(f"{S3}/export/", **target)
    assert (result.files, result.events, result.rejected) == (3, 5, 0)
    assert counts(tmp_path / "events") == COUNTS
    again = fk.import_events(f"{S3}/export/", **target)
    assert (again.files, again.known_files, again.events, again.total) == (3, 3, 0, 5)
    assert counts(tmp_path / "events") == COUNTS


def test_what_was_imported_is_known_by_its_content_wherever_it_lies(put, target, tmp_path):
    (tmp_path / "here.jsonl").write_bytes(lines(days=[1, 2]))
    fk.import_events(tmp_path / "here.jsonl", **target)
    put("there/moved.json.gz", gzip.compress(lines(days=[1, 2])))
    result = fk.import_events(f"{S3}/there/moved.json.gz", **target)
    assert (result.known_files, result.events, result.duplicates) == (1, 0, 0)


def test_lines_csv_parquet_and_bodies_are_read_from_objects_and_beside_files(put, tmp_path):
    put("all/day=1/a.json.gz", gzip.compress(lines(days=[1])))
    put("all/day=2/b.parquet", parquet(days=[2]))
    csv = pl.DataFrame(rows(days=[3])).filter(pl.col("amplitude_id") == 2).write_csv()
    put("all/day=3/c.csv", csv.encode())
    (tmp_path / "d.jsonl").write_bytes(lines(days=[3]))
    sources = [f"{S3}/all/day=[12]/*", f"{S3}/all/day=3/", tmp_path / "d.jsonl"]
    result = fk.import_events(sources, tmp_path / "events")
    assert (result.files, result.lines, result.events, result.duplicates) == (4, 6, 5, 1)
    assert counts(tmp_path / "events") == COUNTS
    body = {"api_key": "k", "events": [{"event_type": "Add", "user_id": "u", "time": 5}]}
    put("body.json", json.dumps(body).encode())
    assert fk.import_events(f"{S3}/body.json", tmp_path / "events").total == 6


def test_a_rejected_line_is_told_with_the_address(put, tmp_path):
    put("a.zip", archive(h10=lines(days=[1]) + b"{}\n"))
    result = fk.import_events(f"{S3}/a.zip", tmp_path / "events")
    reject = json.loads(result.rejects.read_text())
    assert (reject["file"], reject["line"]) == (f"{S3}/a.zip:187520/h10.json.gz", 2)


def test_one_object_at_a_time_is_here_and_none_afterwards(put, tmp_path, monkeypatch):
    from funnelkit.events.importers import objects

    for day in (1, 2, 3):
        put(f"days/{day}.zip", archive(h10=lines(days=[day]), h11=b""))
    seen = []

    def noted(address, folder):
        if folder.is_dir():
            seen.append([file.name for file in folder.iterdir()])
        return fetch(address, folder)

    fetch = objects.fetch
    monkeypatch.setattr(objects, "fetch", noted)
    fk.import_events(f"{S3}/days/", tmp_path / "events")
    assert seen == [[], []]  # before the second and the third
    beside = tmp_path / "events" / "_import"
    assert [file.name for file in beside.iterdir() if file.is_dir()] == []


def test_an_archive_by_another_name_is_one_all_the_same(put, tmp_path):
    put("export", archive(h10=lines(days=[1, 2, 3])))
    put("no.zip", lines(days=[1]))
    result = fk.import_events([f"{S3}/export", f"{S3}/no.zip"], tmp_path / "events")
    assert (result.files, result.events, result.duplicates) == (2, 5, 1)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"{S3}/exprot/a.zip", "has no object 'exprot/a.zip', nor events below it"),
        (f"{S3}/export/b.zip", "Did you mean 'export/a.zip'"),
        (f"{S3}/export/*.csv", "no object of the bucket shop-events matches 'export/\\*.csv'"),
        ("s3://no-such-bucket/a.zip", "bucket no-such-bucket"),
        ("gs://shop/a.zip", "neither a local path nor s3://"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_made(put, tmp_path, address, said):
    put("export/a.zip", archive(h10=lines(days=[1])))
    with pytest.raises(DataError, match=said):
        fk.import_events(address, tmp_path / "events")
    assert not (tmp_path / "events").exists()


def test_an_object_that_vanishes_meanwhile_is_named_and_leaves_everything_as_it_was(
    put, target, tmp_path, monkeypatch
):
    import obstore

    from funnelkit.events.bucket import open_bucket
    from funnelkit.events.importers import objects

    put("a.jsonl", lines(days=[1]))
    put("b.jsonl", lines(days=[2]))
    put("c.jsonl", lines(days=[3]))
    fk.import_events(f"{S3}/a.jsonl", **target)
    fetch = objects.fetch

    def late(address, folder):
        if address.endswith("c.jsonl"):
            obstore.delete(open_bucket("shop-events"), "c.jsonl")
        return fetch(address, folder)

    monkeypatch.setattr(objects, "fetch", late)
    with pytest.raises(DataError, match=r"object 'c.jsonl' of the bucket shop-events cannot be"):
        fk.import_events(f"{S3}/", **target)
    assert fk.report(tmp_path / "events", steps="View").counts == (1,)
    monkeypatch.setattr(objects, "fetch", fetch)
    assert fk.import_events(f"{S3}/", **target).known_files == 1


def test_an_archive_that_is_cut_off_is_named(put, tmp_path):
    put("a.zip", archive(h10=lines(days=[1]))[:-30])
    with pytest.raises(DataError, match=r"s3://shop-events/a.zip is a ZIP archive that cannot be"):
        fk.import_events(f"{S3}/a.zip", tmp_path / "events")


def test_events_that_an_import_wrote_are_refused_as_their_folder_tells_more(put, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(days=[1]))
    fk.import_events(tmp_path / "a.jsonl", tmp_path / "events")
    for file in (tmp_path / "events").rglob("*"):
        if file.is_file():
            put(f"shop/{file.relative_to(tmp_path / 'events')}", file.read_bytes())
    with pytest.raises(DataError, match=r"has imported events.*copy it here first"):
        fk.import_events(f"{S3}/shop/", tmp_path / "more")


def test_events_are_not_imported_to_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_bytes(lines(days=[1]))
    with pytest.raises(DefinitionError, match="a folder of this machine, and no address"):
        fk.import_events("a.jsonl", f"{S3}/events")
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_the_bytes_of_objects_are_known_before_they_are_fetched(put, tmp_path):
    put("a/1.jsonl", lines(days=[1]))
    put("a/2.jsonl", lines(days=[2]))
    (tmp_path / "3.jsonl").write_bytes(lines(days=[3]))
    size = len(lines(days=[1, 2, 3]))
    assert source_bytes([f"{S3}/a/", str(tmp_path / "3.jsonl")]) == size
