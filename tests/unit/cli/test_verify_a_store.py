"""`funnelkit verify` and `lock` on a named version of an event store."""

import json

import pytest

from funnelkit.cli.run import run

FIRST = [
    {"user_id": "u", "time": 0, "event_type": "View", "insert_id": "1"},
    {"user_id": "u", "time": 5_000, "event_type": "Add", "insert_id": "2"},
]
LATER = [{"user_id": "v", "time": 9_000, "event_type": "View", "insert_id": "3"}]
DEFINED = ("--steps", "View > Add", "--window", "30d", "--no-why")


@pytest.fixture
def shop(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.chdir(tmp_path)
    for number, events in enumerate([FIRST, LATER], 1):
        (tmp_path / f"{number}.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8")
        assert run(["import", f"{number}.jsonl", "--store", "shop"]) == 0
    capfdbinary.readouterr()
    return "shop"


def test_numbers_of_a_version_hold_after_later_imports(shop, capfdbinary):
    asked = ("verify", "--store", shop, *DEFINED, "--expect", "1, 1")
    assert run([*asked, "--store-version", "1"]) == 0
    assert run(asked) == 1
    assert "step 1 View: expected 1, found 2 (+1)" in capfdbinary.readouterr().err.decode()


def test_a_lock_of_a_version_says_that_later_events_changed_the_numbers(
    shop, tmp_path, capfdbinary
):
    (tmp_path / "a.funnel.toml").write_text(
        f'steps = "View > Add"\nwindow = "30d"\nevents = "{shop}"\n[expect]\ncounts = [1, 1]\n',
        "utf-8",
    )
    assert run(["lock", "a.funnel.toml", "--store", shop, "--store-version", "1"]) == 0
    assert run(["verify", "a.lock.json", "--store", shop, "--store-version", "1"]) == 0
    capfdbinary.readouterr()
    assert run(["verify", "a.lock.json", "--store", shop, "--no-why"]) == 1
    assert "the events changed: 3 of them, there were 2" in capfdbinary.readouterr().err.decode()


def test_a_version_without_a_store_is_refused(capfdbinary):
    assert run(["verify", "--store-version", "1", *DEFINED, "--expect", "1, 1"]) == 2
    assert "need --store DIR" in capfdbinary.readouterr().err.decode()
