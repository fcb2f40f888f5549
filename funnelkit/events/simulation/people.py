"""Who is who among the store's users: ids, devices, personas, traits.

An invented person is a number; what belongs to a person depends on that number only, never on the
seed, so that two simulations sent to one project agree about who is who.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from funnelkit.events.simulation.draws import Draws
from funnelkit.events.simulation.identifiers import uuids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from funnelkit.events.simulation.draws import Integers
    from funnelkit.events.simulation.scenario import Platform

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
OS_NAMES: Final = {"ios": ("iOS", "ios"), "android": ("Android", "android")}
ADVERTISING: Final = {"ios": "idfa", "android": "adid"}
TRAITS: Final = ("name", "email", "age", "gender", "persona", "username")
TRAIT_TYPES: Final = pa.struct(
    [(name, pa.int64() if name == "age" else pa.string()) for name in TRAITS]
)


@dataclass(frozen=True, slots=True)
class People:
    """Users, one entry each in every column.

    `personas` are the distinct personas, `persona` each user's position among them. `traits` is a
    struct of `TRAITS`, null where nobody asked for traits. `mobile` are the columns that a phone
    adds to its events, under the names of Amplitude's export (specification C2).
    """

    user_id: pa.StringArray
    device_id: pa.StringArray
    personas: tuple[str, ...]
    persona: Integers
    traits: pa.StructArray
    mobile: dict[str, pa.Array]

    def then(self, others: People) -> People:
        """Return these people, followed by others."""
        personas = tuple(dict.fromkeys([*self.personas, *others.personas]))
        recode = np.array([personas.index(name) for name in others.personas], dtype=np.int64)
        return People(
            pa.concat_arrays([self.user_id, others.user_id]),
            pa.concat_arrays([self.device_id, others.device_id]),
            personas,
            np.concatenate([self.persona, recode[others.persona]]),
            pa.concat_arrays([self.traits, others.traits]),
            {
                name: pa.concat_arrays([column, others.mobile[name]])
                for name, column in self.mobile.items()
            },
        )


def invented(numbers: Integers, platform: Platform, *, traits: bool) -> People:
    """Return the invented people with these numbers."""
    persona = POPULATION.stream("persona").below(numbers, len(PERSONAS))
    digits = pa.array(numbers).cast(pa.string())
    mobile: dict[str, pa.Array] = {}
    if platform != "web":
        versions = OS_VERSIONS[platform]
        version = POPULATION.stream(f"{platform} version").below(numbers, len(versions))
        mobile = _mobile(
            platform,
            advertising=_uuids(numbers, f"{platform} advertising"),
            model=pa.repeat(DEVICE_MODELS[platform], len(numbers)),
            version=_pick(versions, version),
        )
    return People(
        user_id=pc.utf8_lpad(digits, width=LONGEST_PADDED, padding="0"),
        device_id=_uuids(numbers, f"{platform} device"),
        personas=PERSONAS,
        persona=persona,
        traits=_traits(numbers, digits, persona) if traits else _no_traits(len(numbers)),
        mobile=mobile,
    )


def listed(users: Sequence[dict[str, Any]], platform: Platform, *, traits: bool) -> People:
    """Return the people of a users file; what the file does not say of a device is invented."""
    devices = [_device(user, platform) for user in users]
    # A number that belongs to the id, whatever the id looks like.
    keys = [POPULATION.stream(f"user {user['id']}").key >> 1 for user in users]
    own = invented(np.array(keys, dtype=np.int64), platform, traits=False)

    def known(key: str, otherwise: pa.Array) -> pa.Array:
        return pc.coalesce(
            pa.array([device.get(key) for device in devices], pa.string()), otherwise
        )

    mobile: dict[str, pa.Array] = {}
    if platform != "web":
        mobile = _mobile(
            platform,
            advertising=known("advertising_id", own.mobile[ADVERTISING[platform]]),
            model=known("model", own.mobile["device_model"]),
            version=known("version", own.mobile["os_version"]),
        )
    personas = tuple(dict.fromkeys(user["persona"] for user in users))
    code = {name: place for place, name in enumerate(personas)}
    ids = [user["id"].rjust(LONGEST_PADDED, "0") for user in users]
    return People(
        user_id=pa.array(ids, type=pa.string()),
        device_id=known("anonymous_id", own.device_id),
        personas=personas,
        persona=np.array([code[user["persona"]] for user in users], dtype=np.int64),
        traits=pa.array([_traits_of(user) for user in users], type=TRAIT_TYPES)
        if traits
        else _no_traits(len(users)),
        mobile=mobile,
    )


def _traits(numbers: Integers, digits: pa.Array, persona: Integers) -> pa.StructArray:
    gender = POPULATION.stream("gender").below(numbers, len(GENDERS))
    given = POPULATION.stream("first name").below(numbers, len(FIRST_NAMES[0]))
    first = _pick([*FIRST_NAMES[0], *FIRST_NAMES[1]], gender * len(FIRST_NAMES[0]) + given)
    last = _pick(LAST_NAMES, POPULATION.stream("last name").below(numbers, len(LAST_NAMES)))
    mailbox = pc.utf8_lower(pc.binary_join_element_wise(first, last, digits, "."))
    # The sum of two dice that show 9 to 40: 18 to 80 years, most often about 49.
    one, two = (POPULATION.stream(f"age {die}").below(numbers, 32) + 9 for die in (1, 2))
    columns = [
        pc.binary_join_element_wise(first, last, " "),
        pc.binary_join_element_wise(mailbox, "example.com", "@"),
        pa.array(one + two),
        _pick(GENDERS, gender),
        _pick(PERSONAS, persona),
        pc.binary_join_element_wise("user", digits, ""),
    ]
    return pa.StructArray.from_arrays(columns, fields=list(TRAIT_TYPES))


def _no_traits(count: int) -> pa.StructArray:
    return pa.nulls(count, type=TRAIT_TYPES)


def _traits_of(user: dict[str, Any]) -> dict[str, Any]:
    full = f"{user.get('first_name', '')} {user.get('last_name', '')}".strip()
    named = {"name": full or None, **user, "persona": user["persona"] or None}
    return {name: named.get(name) for name in TRAITS}


def _device(user: dict[str, Any], platform: Platform) -> dict[str, Any]:
    platforms = user.get("platforms")
    device = platforms.get(platform) if isinstance(platforms, dict) else None
    return device if isinstance(device, dict) else {}


def _mobile(
    platform: Platform, *, advertising: pa.Array, model: pa.Array, version: pa.Array
) -> dict[str, pa.Array]:
    name, os_name = OS_NAMES[platform]
    return {
        "platform": pa.repeat(name, len(version)),
        "os_name": pa.repeat(os_name, len(version)),
        "os_version": version,
        "device_model": model,
        ADVERTISING[platform]: advertising,
    }


def _pick(words: Sequence[str], codes: Integers) -> pa.StringArray:
    return pa.array(words, type=pa.string()).take(pa.array(codes))


def _uuids(numbers: Integers, purpose: str) -> pa.StringArray:
    high = POPULATION.stream(f"{purpose} high").bits(numbers)
    return uuids(high, POPULATION.stream(f"{purpose} low").bits(numbers))
