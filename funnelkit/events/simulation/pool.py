"""The people who may visit the store: an own, endless population, or the original `users.json`.

A person is a number; what belongs to a person (device, persona, name) depends on that number only,
never on the seed, so that two simulations sent to one project agree about who is who.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from funnelkit.errors import DataError
from funnelkit.events.simulation.draws import Draws
from funnelkit.events.simulation.identifiers import uuids

if TYPE_CHECKING:
    from pathlib import Path

    from funnelkit.events.simulation.draws import Integers, Stream
    from funnelkit.events.simulation.scenario import Platform

FIRST_BLOCK: Final = 5_000
NEXT_BLOCKS: Final = 1_000
LONGEST_PADDED: Final = 5  # Amplitude drops shorter ids (specification D1)
POPULATION: Final = Draws(0)

PERSONAS: Final = (
    "apparel_footwear_accessories",
    "jewelry_beauty_accessories",
    "outdoors_footwear_electronics",
    "housewares_outdoors_apparel",
    "electronics_housewares_jewelry",
    "beauty_apparel_housewares",
    "footwear_jewelry_outdoors",
    "accessories_electronics_beauty",
)
GENDERS: Final = ("F", "M")
FIRST_NAMES: Final = (
    ("Ada", "Brida", "Celia", "Doreen", "Edda", "Farah", "Greta", "Hana", "Ines", "Joan"),
    ("Abel", "Boris", "Cyril", "Dario", "Emil", "Felix", "Gaspar", "Hugo", "Ivan", "Jonas"),
)
LAST_NAMES: Final = (
    "Abbot", "Birch", "Castell", "Dunmore", "Elling", "Farrow", "Garrick", "Holm", "Ivers",
    "Jarrow", "Kell", "Linden", "Marsh", "Norland", "Oakes", "Penrose", "Quill", "Rowan",
)  # fmt: skip
OS_VERSIONS: Final = {"ios": ("16.7", "17.5", "18.2"), "android": ("13", "14", "15")}
DEVICE_MODELS: Final = {"ios": "iPhone", "android": "Android phone"}
TRAITS: Final = ("name", "email", "age", "gender", "persona", "username")


@dataclass(frozen=True, slots=True)
class People:
    """Users in the order of their first session, one entry each in every column.

    `personas` are the distinct personas, `persona` their position for each user. `traits` holds
    the columns of `TRAITS`; `mobile` the columns that a phone adds to its events.
    """

    user_id: pa.StringArray
    device_id: pa.StringArray
    personas: tuple[str, ...]
    persona: Integers
    traits: pa.StructArray
    mobile: dict[str, pa.Array]


@dataclass(frozen=True, slots=True)
class OwnPool:
    """Invented people without end: 5,000, and when all have come, a thousand more at a time."""

    known: int = FIRST_BLOCK

    def people(self, count: int, order: Stream, platform: Platform) -> People:
        """Return the first `count` visitors, in the order in which chance brings them."""
        return invented(arrival_order(count, self.known, order) + 1, platform)


def arrival_order(count: int, known: int, order: Stream) -> Integers:
    """Return `count` distinct numbers: a random order of the first `known`, then of the next 1,000.

    Each block is exhausted before the next one is touched.
    """
    first = np.argsort(order.bits(np.arange(known, dtype=np.int64)))
    blocks = max(0, -(-(count - known) // NEXT_BLOCKS))
    later = np.arange(known, known + blocks * NEXT_BLOCKS, dtype=np.int64)
    shuffled = np.argsort(order.bits(later).reshape(blocks, NEXT_BLOCKS), axis=1)
    shuffled += later.reshape(blocks, NEXT_BLOCKS)[:, :1]
    return np.concatenate([first, shuffled.ravel()])[:count]


def invented(numbers: Integers, platform: Platform) -> People:
    """Return the invented users with these numbers."""
    persona = POPULATION.stream("persona").below(numbers, len(PERSONAS))
    gender = POPULATION.stream("gender").below(numbers, len(GENDERS))
    given = POPULATION.stream("first name").below(numbers, len(FIRST_NAMES[0]))
    first = _pick([*FIRST_NAMES[0], *FIRST_NAMES[1]], gender * len(FIRST_NAMES[0]) + given)
    last = _pick(LAST_NAMES, POPULATION.stream("last name").below(numbers, len(LAST_NAMES)))
    digits = pa.array(numbers).cast(pa.string())
    local_part = pc.utf8_lower(pc.binary_join_element_wise(first, last, digits, "."))
    # The sum of two dice from 9 to 40: 18 to 80 years, most of them about 49.
    age = sum(POPULATION.stream(f"age {die}").below(numbers, 32) + 9 for die in (1, 2))
    traits = [
        pc.binary_join_element_wise(first, last, " "),
        pc.binary_join_element_wise(local_part, "example.com", "@"),
        pa.array(age, type=pa.int64()),
        _pick(GENDERS, gender),
        _pick(PERSONAS, persona),
        pc.binary_join_element_wise("user", digits, ""),
    ]
    mobile: dict[str, pa.Array] = {}
    if platform != "web":
        versions = OS_VERSIONS[platform]
        version = POPULATION.stream(f"{platform} version").below(numbers, len(versions))
        mobile = _mobile(
            platform,
            _uuids_of(numbers, f"{platform} advertising"),
            _pick([DEVICE_MODELS[platform]], np.zeros_like(numbers)),
            _pick(versions, version),
        )
    return People(
        user_id=pc.utf8_lpad(digits, width=LONGEST_PADDED, padding="0"),
        device_id=_uuids_of(numbers, f"{platform} device"),
        personas=PERSONAS,
        persona=persona,
        traits=pa.StructArray.from_arrays(traits, names=TRAITS),
        mobile=mobile,
    )


def _mobile(
    platform: Platform, advertising: pa.Array, model: pa.Array, version: pa.Array
) -> dict[str, pa.Array]:
    """Return what a phone adds, under the names of Amplitude's export (specification C2)."""
    name = {"ios": "iOS", "android": "Android"}[platform]
    os_name = pa.array([name] * len(version), type=pa.string())
    return {
        "platform": os_name,
        "os_name": {
            "ios": pa.array(["ios"] * len(version)),
            "android": pa.array(["android"] * len(version)),
        }[platform],
        "os_version": version,
        "device_model": model,
        "idfa" if platform == "ios" else "adid": advertising,
    }


def _pick(words: tuple[str, ...] | list[str], codes: Integers) -> pa.StringArray:
    return pa.array(words, type=pa.string()).take(pa.array(codes))


def _uuids_of(numbers: Integers, purpose: str) -> pa.StringArray:
    high = POPULATION.stream(f"{purpose} high").bits(numbers)
    return uuids(high, POPULATION.stream(f"{purpose} low").bits(numbers))


@dataclass(frozen=True, slots=True)
class ListedPool:
    """The users of a file; when all of them have come, invented ones follow."""

    users: tuple[dict[str, Any], ...]

    def people(self, count: int, order: Stream, platform: Platform) -> People:
        """Return the first `count` visitors, in the order in which chance brings them."""
        places = arrival_order(count, len(self.users), order)
        # Numbers above every listed one, so that no invented user shares an id with a listed one.
        above = max((int(user["id"]) for user in self.users if user["id"].isdigit()), default=0)
        extra = invented(places[places >= len(self.users)] - len(self.users) + above + 1, platform)
        listed = [self.users[place] for place in places if place < len(self.users)]
        names = {user["persona"] for user in listed} - set(extra.personas)
        personas = (*extra.personas, *sorted(names))
        code = {name: place for place, name in enumerate(personas)}
        ids = [user["id"].rjust(LONGEST_PADDED, "0") for user in listed]
        devices = [_device(user, platform) for user in listed]
        numbers = np.array([_number(user["id"]) for user in listed], dtype=np.int64)
        drawn = _uuids_of(numbers, f"{platform} device")
        own = pa.array([device.get("anonymous_id") for device in devices], type=pa.string())
        traits = pa.array([_traits(user) for user in listed], type=extra.traits.type)
        mobile = {}
        if platform != "web":
            fresh = invented(numbers, platform).mobile
            mobile = _mobile(
                platform,
                pc.coalesce(
                    pa.array([device.get("advertising_id") for device in devices], pa.string()),
                    fresh["idfa" if platform == "ios" else "adid"],
                ),
                pc.coalesce(
                    pa.array([device.get("model") for device in devices], pa.string()),
                    fresh["device_model"],
                ),
                pc.coalesce(
                    pa.array([device.get("version") for device in devices], pa.string()),
                    fresh["os_version"],
                ),
            )
        return People(
            user_id=pa.concat_arrays([pa.array(ids, type=pa.string()), extra.user_id]),
            device_id=pa.concat_arrays([pc.coalesce(own, drawn), extra.device_id]),
            personas=personas,
            persona=np.concatenate(
                [
                    np.array([code[user["persona"]] for user in listed], dtype=np.int64),
                    extra.persona,
                ]
            ),
            traits=pa.concat_arrays([traits, extra.traits]),
            mobile={
                name: pa.concat_arrays([column, extra.mobile[name]])
                for name, column in mobile.items()
            },
        )


def read_pool(path: Path) -> ListedPool:
    """Read users in the format of the original `users.json`, gzipped or not: a list of objects.

    `id` is needed; `persona`, `platforms` and the traits are used where they are.

    Raises:
        DataError: the file is not such a list, or two users share an id.
    """
    try:
        raw = path.read_bytes()
        users = json.loads(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{path}: not a readable list of users: {error}") from error
    if not isinstance(users, list) or not users:
        raise DataError(f"{path}: a user pool is a list of users; found {type(users).__name__}")
    seen: set[str] = set()
    found = []
    for number, user in enumerate(users, start=1):
        if not isinstance(user, dict) or user.get("id") in (None, ""):
            raise DataError(f"{path}: user {number} has no id")
        identity = str(user["id"])
        if identity in seen:
            raise DataError(f"{path}: two users have the id {identity!r}")
        seen.add(identity)
        found.append({**user, "id": identity, "persona": str(user.get("persona") or "")})
    return ListedPool(tuple(found))


def _number(identity: str) -> int:
    """Return a number that belongs to the id, for what the file does not say about a user."""
    return Draws(0).stream(f"user {identity}").key >> 1


def _device(user: dict[str, Any], platform: Platform) -> dict[str, Any]:
    platforms = user.get("platforms")
    device = platforms.get(platform) if isinstance(platforms, dict) else None
    return device if isinstance(device, dict) else {}


def _traits(user: dict[str, Any]) -> dict[str, Any]:
    full = f"{user.get('first_name', '')} {user.get('last_name', '')}".strip()
    return {
        "name": user.get("name") or full or None,
        "email": user.get("email"),
        "age": user.get("age"),
        "gender": user.get("gender"),
        "persona": user["persona"] or None,
        "username": user.get("username"),
    }
