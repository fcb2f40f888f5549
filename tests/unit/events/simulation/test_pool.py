import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.errors import DataError
from funnelkit.events.simulation import simulate
from funnelkit.events.simulation.draws import Draws
from funnelkit.events.simulation.pool import arrival_order, read_pool

ADA = {
    "id": "1",
    "gender": "F",
    "first_name": "Ada",
    "last_name": "Holm",
    "email": "ada.holm@example.com",
    "age": 31,
    "name": "Ada Holm",
    "username": "user1",
    "persona": "jewelry_beauty_accessories",
    "traits": {},
    "platforms": {
        "ios": {
            "anonymous_id": "ios-device",
            "advertising_id": "ios-advertising",
            "model": "iPhone 9",
            "version": "14.2",
        },
        "android": {"anonymous_id": "android-device", "advertising_id": "a", "version": "11"},
        "web": {"anonymous_id": "web-device", "user_agent": "Mozilla"},
    },
}
BEN = {"id": "2", "persona": "outdoors_electronics_footwear"}


def write(folder, users):
    file = folder / "users.json"
    file.write_text(json.dumps(users), encoding="utf-8")
    return file


@pytest.mark.parametrize("packed", [False, True])
def test_the_originals_users_come_plain_or_gzipped(tmp_path, packed):
    file = write(tmp_path, [ADA, BEN])
    if packed:
        file = tmp_path / "users.json.gz"
        file.write_bytes(gzip.compress(json.dumps([ADA, BEN]).encode()))
    assert [user["id"] for user in read_pool(file).users] == ["1", "2"]


def test_listed_users_come_first_and_invented_ones_have_other_ids(tmp_path):
    far = {**BEN, "id": "700"}
    store = simulate(users=write(tmp_path, [ADA, far]), returning=0, days=1)
    users = store.events["user_id"].unique(maintain_order=True).to_list()
    assert set(users[:2]) == {"00001", "00700"}
    assert len(users) == 200
    assert all(int(user) > 700 for user in users[2:])


def test_devices_and_traits_come_from_the_file(tmp_path):
    store = simulate(users=write(tmp_path, [ADA, BEN]), returning=0, days=1, identify=True)
    people = store.events.filter(user_id="00001")
    assert set(people["device_id"]) == {"web-device"}
    traits = people["user_properties"][0]
    assert traits == {
        "name": "Ada Holm",
        "email": "ada.holm@example.com",
        "age": 31,
        "gender": "F",
        "persona": "jewelry_beauty_accessories",
        "username": "user1",
    }


def test_android_works_although_the_file_has_no_model(tmp_path):
    store = simulate(users=write(tmp_path, [ADA, BEN]), returning=0, days=1, platform="android")
    ada = store.events.filter(user_id="00001").row(0, named=True)
    assert (ada["device_id"], ada["adid"], ada["os_version"]) == ("android-device", "a", "11")
    assert ada["device_model"] == "Android phone"


def test_phones_of_the_file_are_used(tmp_path):
    store = simulate(users=write(tmp_path, [ADA, BEN]), returning=0, days=1, platform="ios")
    ada = store.events.filter(user_id="00001").row(0, named=True)
    assert (ada["device_model"], ada["os_version"], ada["idfa"]) == (
        "iPhone 9",
        "14.2",
        "ios-advertising",
    )


def test_a_user_without_a_persona_sees_the_whole_catalog(tmp_path):
    nobody = [{"id": str(number)} for number in range(300)]
    store = simulate(users=write(tmp_path, nobody), returning=0, days=1)
    shown = store.events["event_properties"].struct
    assert shown.field("category").drop_nulls().n_unique() == 8
    assert set(shown.field("resultCount").drop_nulls()) == {10}


def test_users_of_another_store_are_refused(tmp_path):
    stranger = {"id": "5", "persona": "salty snacks_hot dispensed_food service"}
    with pytest.raises(DataError, match="0 products for users of persona 'salty snacks"):
        simulate(users=write(tmp_path, [stranger]), days=1).events  # noqa: B018


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ([], "a user pool is a list of users"),
        ({"id": "1"}, "found dict"),
        ([ADA, {"name": "x"}], "user 2 has no id"),
        ([ADA, 7], "user 2 has no id"),
        ([ADA, {"id": 1}], "two users have the id '1'"),
    ],
)
def test_what_is_no_user_pool_is_refused(tmp_path, users, message):
    with pytest.raises(DataError, match=message):
        read_pool(write(tmp_path, users))


@pytest.mark.parametrize("content", [b"", b"[{", b"\x1f\x8bcut", b"\xff\xff", b"\0"])
def test_an_unreadable_file_is_a_data_error(tmp_path, content):
    file = tmp_path / "users.json"
    file.write_bytes(content)
    with pytest.raises(DataError, match="not a readable list of users"):
        read_pool(file)


@given(st.integers(0, 5000), st.integers(1, 3000), st.integers(0, 2**32))
def test_everybody_comes_once_and_the_known_come_first(count, known, seed):
    order = arrival_order(count, known, Draws(seed).stream("who comes"))
    assert len(order) == count == len(np.unique(order))
    assert set(order[:known].tolist()) <= set(range(known))
    for first in range(known, count, 1000):
        block = order[first : first + 1000]
        assert first <= block.min()
        assert block.max() < first + 1000


def test_a_longer_simulation_begins_with_the_same_people():
    stream = Draws(3).stream("who comes")
    assert (arrival_order(9000, 5000, stream)[:6500] == arrival_order(6500, 5000, stream)).all()
