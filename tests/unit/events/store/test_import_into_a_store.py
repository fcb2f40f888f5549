"""`import --store`: every file once, every event once, merges whenever they come."""

import json

import pytest

import funnelkit as fk
from funnelkit.cli.run import run
from funnelkit.engine import select
from funnelkit.errors import DataError, DefinitionError
from funnelkit.events.store.reading import snapshot


def event(number, amplitude_id, kind, **more):
    return {
        "event_type": kind,
        "event_time": f"2026-04-0{number} 12:00:00.000000",
        "amplitude_id": amplitude_id,
        "user_id": f"user-{amplitude_id}",
        "device_id": f"device-{amplitude_id}",
        "uuid": f"uuid-{number}-{amplitude_id}",
        "event_properties": {"number": number},
        **more,
    }


def lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def stored(store, *sources):
    return fk.import_events([str(source) for source in sources], store=store, buckets=4)


def test_a_file_twice_and_an_export_that_overlaps_change_nothing(tmp_path):
    rows = [event(1, 7, "A"), event(2, 7, "B"), event(3, 8, "A")]
    first = lines(tmp_path / "first.jsonl", *rows)
    overlap = lines(tmp_path / "overlap.jsonl", *rows[1:], event(4, 8, "B"))
    store = tmp_path / "store"
    assert stored(store, first).events == 3
    again = stored(store, first)
    assert (again.events, again.known_files, again.total) == (0, 1, 3)
    later = stored(store, overlap)
    assert (later.events, later.duplicates, later.total) == (1, 2, 4)
    assert fk.report(store, steps="A > B").counts == (2, 2)


def test_a_file_without_any_id_of_events_is_there_once(tmp_path):
    row = {"event_type": "A", "time": 1_770_000_000_000, "user_id": "somebody"}
    source = lines(tmp_path / "a.jsonl", row, row)
    store = tmp_path / "store"
    assert stored(store, source).total == 2
    assert stored(store, source).total == 2


@pytest.mark.parametrize("small", [True, False])
def test_a_merge_that_comes_later_joins_what_was_imported_before(tmp_path, small, monkeypatch):
    if not small:
        monkeypatch.setattr(select, "SMALL", 0)
    store = tmp_path / "store"
    stored(store, lines(tmp_path / "a.jsonl", event(1, 7, "A"), event(2, 8, "B")))
    assert fk.report(store, steps="A > B").counts == (1, 0)
    merge = {"scope": 1, "merge_time": 1_775_100_000_000, "merge_server_time": 1_775_100_000_000}
    chain = [
        merge | {"amplitude_id": 8, "merged_amplitude_id": 9},
        merge | {"amplitude_id": 9, "merged_amplitude_id": 7},
    ]
    assert stored(store, lines(tmp_path / "merges.jsonl", *chain[:1])).merges == 1
    assert fk.report(store, steps="A > B").counts == (1, 0)
    stored(store, lines(tmp_path / "more.jsonl", *chain[1:]))
    assert fk.report(store, steps="A > B").counts == (1, 1)
    version = snapshot(store).version
    assert fk.report(fk.store(store, version=version - 2), steps="A > B").counts == (1, 0)


def test_all_that_was_merged_with_a_user_is_forgotten_with_him(tmp_path, capsys):
    store = tmp_path / "store"
    merge = {"scope": 1, "merge_time": 1, "merge_server_time": 1}
    sources = [
        lines(tmp_path / "a.jsonl", event(1, 7, "A"), event(2, 8, "B"), event(3, 5, "A")),
        lines(tmp_path / "m.jsonl", merge | {"amplitude_id": 8, "merged_amplitude_id": 7}),
    ]
    stored(store, *sources)
    assert run(["store", "forget", str(store), "--user", "user-7"]) == 0
    assert "erased 2 events of amplitude_id 7, 8" in capsys.readouterr().err
    assert snapshot(store).rows == 1
    assert fk.report(store, steps="A > B").counts == (1, 0)
    assert run(["store", "forget", str(store), "--user", "8"]) == 3


def test_properties_of_exports_keep_their_kinds(tmp_path):
    store = tmp_path / "store"
    rows = [
        event(1, 7, "A", event_properties={"price": 10, "Price": "ten"}, groups={"team": ["x"]}),
        event(2, 8, "A", event_properties={"price": "10"}, data={"path": "/x"}),
    ]
    stored(store, lines(tmp_path / "a.jsonl", *rows))
    assert fk.report(store, steps="A", where="price = 10").counts == (2,)
    assert (
        fk.report(store, steps="A", where="price > 9").counts
        == fk.report(tmp_path / "a.jsonl", steps="A", where="price > 9").counts
    )
    assert fk.report(store, steps="A", where="Price = ten").counts == (1,)
    assert fk.report(store, steps="A", where="group.team = x").counts == (1,)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jsonl"], "where to? Give a folder of events (-o EVENTS) or --store DIR"),
        (["a.jsonl", "-o", "x", "--store", "y"], "a folder of events or a store, not both"),
        (["a.jsonl", "-o", "x", "--buckets", "2"], "only a store has buckets"),
        (["a.jsonl", "--store", "y", "--buckets", "0"], "a store has 1 to 4096 buckets"),
        (["a.jsonl", "--store", "a.jsonl"], "is a file; a store is a folder"),
        (["a.jsonl", "--store", "."], "is a folder of something else (a.jsonl)"),
        (["none.jsonl", "--store", "y"], "there is no file none.jsonl"),
    ],
)
def test_what_cannot_be_imported_is_said_and_makes_no_store(
    tmp_path, monkeypatch, capsys, arguments, said
):
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "a.jsonl", event(1, 7, "A"))
    assert run(["import", *arguments]) in {2, 3}
    assert said in capsys.readouterr().err
    assert not (tmp_path / "y" / "_delta_log").exists()


def test_a_store_in_the_folder_that_is_imported_is_no_source_of_itself(tmp_path):
    store = tmp_path / "store"
    for number in (1, 2):
        lines(tmp_path / f"{number}.jsonl", event(number, 7, "A"))
        assert stored(store, tmp_path).events == 1
    assert fk.report(store, steps="A", count_by="totals").counts == (2,)


def test_a_folder_with_a_store_in_it_is_refused_since_not_all_files_of_a_store_count(tmp_path):
    source = lines(tmp_path / "a.jsonl", event(1, 7, "A"))
    stored(tmp_path / "store", source)
    with pytest.raises(DataError, match=r"another Delta table in it.*store; name"):
        fk.report(tmp_path, steps="A")
    with pytest.raises(DefinitionError, match="which is no source of an import"):
        stored(tmp_path / "another", tmp_path / "store")


@pytest.mark.parametrize("address", ["s3://bucket/shop", "gs://bucket/shop"])
def test_an_address_is_no_store_and_makes_no_folder_of_its_name(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    source = lines(tmp_path / "a.jsonl", event(1, 7, "A"))
    with pytest.raises(DefinitionError, match="a store is a folder of this machine"):
        stored(address, source)
    with pytest.raises(DefinitionError, match="a store is a folder of this machine"):
        fk.report(fk.store(address), steps="A")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def sent(number, kind, **ids):
    """Return an event as it is sent to HTTP V2: no amplitude_id."""
    return {"event_type": kind, "time": 1_775_000_000_000 + number * 60_000, **ids,
            "insert_id": f"insert-{number}"}  # fmt: skip


def counted(tmp_path, *imports):
    """Return the counts of A > B after these imports, and of all events in one import."""
    for number, rows in enumerate(imports):
        stored(tmp_path / "store", lines(tmp_path / f"{number}.jsonl", *rows))
    every = [row for rows in imports for row in rows]
    stored(tmp_path / "at-once", lines(tmp_path / "every.jsonl", *every))
    found = fk.report(tmp_path / "store", steps="A > B").counts
    assert found == fk.report(tmp_path / "at-once", steps="A > B").counts
    return found


def test_who_was_anonymous_in_one_import_is_known_in_the_next(tmp_path):
    first = [sent(1, "A", device_id="phone-1")]
    second = [sent(2, "B", device_id="phone-1", user_id="erika")]
    assert counted(tmp_path, first, second) == (1, 1)


def test_a_user_who_took_over_an_id_keeps_it_in_later_imports(tmp_path):
    first = [sent(1, "X", device_id="phone-1"), sent(2, "A", device_id="phone-1", user_id="erika")]
    second = [sent(3, "B", device_id="phone-2", user_id="erika")]
    assert counted(tmp_path, first, second) == (1, 1)


def test_users_are_never_merged_with_each_other(tmp_path):
    first = [sent(1, "A", device_id="shared", user_id="erika")]
    second = [sent(2, "B", device_id="shared", user_id="jonas")]
    third = [sent(3, "A", device_id="shared", user_id="jonas")]
    assert counted(tmp_path, first, second, third) == (2, 0)


def test_users_of_one_device_stay_two_where_it_was_anonymous_before_each_of_them(tmp_path):
    first = [sent(1, "X", device_id="shared"), sent(2, "A", device_id="shared", user_id="erika")]
    second = [sent(3, "X", device_id="shared"), sent(4, "B", device_id="shared", user_id="jonas")]
    assert counted(tmp_path, first, second) == (1, 0)


def test_an_anonymous_event_belongs_to_the_last_user_that_an_earlier_import_knew(tmp_path):
    first = [sent(1, "A", device_id="shared", user_id="erika"),
             sent(2, "A", device_id="shared", user_id="jonas")]  # fmt: skip
    second = [sent(3, "B", device_id="shared"), sent(4, "B", device_id="other", user_id="jonas")]
    assert counted(tmp_path, first, second) == (2, 1)


def test_an_event_that_comes_late_and_is_older_than_all_others_makes_no_circle_of_merges(tmp_path):
    first = [sent(10, "A", device_id="phone"), sent(11, "B", device_id="phone", user_id="erika")]
    second, third = [sent(20, "A", user_id="erika")], [sent(5, "A", user_id="erika")]
    assert counted(tmp_path, first, second, third) == (1, 1)


def test_what_an_anonymous_device_was_merged_into_it_stays(tmp_path):
    """Jonas used it before Erika did, but she was the first of whom the store heard (A13)."""
    store = tmp_path / "store"
    for number, rows in enumerate((
        [sent(1, "A", device_id="phone")],
        [sent(3, "B", device_id="phone", user_id="erika")],
        [sent(2, "C", device_id="phone", user_id="jonas")],
    )):  # fmt: skip
        stored(store, lines(tmp_path / f"{number}.jsonl", *rows))
    assert fk.report(store, steps="A > B").counts == (1, 1)
    assert fk.report(store, steps="A > C").counts == (1, 0)


def test_an_anonymous_device_belongs_to_whom_it_knew_first_by_receipt_not_by_time(tmp_path):
    def received(second, *rows):
        return [
            row | {"server_received_time": f"2026-05-01 00:00:{second + place:02}.000000"}
            for place, row in enumerate(rows)
        ]

    first = received(0, sent(1, "A", device_id="phone"), sent(2, "X", user_id="erika"))
    second = received(
        10,
        sent(9, "B", device_id="phone", user_id="erika"),
        sent(5, "X", device_id="phone", user_id="jonas"),
    )
    assert counted(tmp_path, first, second) == (1, 1)
