"""Which field of a store keeps which property: one field per name and kind of value.

`price` as a number and `price` as a text are two fields, `price` and `price__text`; `price` and
`Price` are two, since many readers fold case. Rare properties, and values that no field can keep
exactly (objects, mixed lists, numbers of more than 64 bits), stay JSON in the field `_json`. The
catalogue stands in the metadata of the fields of the Delta table, version by version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from funnelkit.events.store.kinds import JSON, LIST, kind_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from funnelkit.events.store.kinds import Kind

OBJECTS: Final = ("event_properties", "user_properties", "groups")
"""The columns that become STRUCTs."""

REST: Final = "_json"
"""The field of a STRUCT that keeps, as JSON, what has no field of its own."""

MOST_FIELDS: Final = 300
"""How many fields a STRUCT has at most: writing two thousand is slower by two orders."""

_NAME: Final = "funnelkit.name"
_KIND: Final = "funnelkit.kind"
_NAMES: Final = "funnelkit.names"
_FORBIDDEN: Final = str.maketrans(dict.fromkeys(" ,;{}()\n\t\r=.`\0", "_"))
"""Characters that Delta allows in no name, and that trip readers up."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of its own: the name of the property, the kind of value, and the field's name."""

    name: str
    kind: Kind
    field: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a STRUCT, or the columns of the table; `rest` names what is in `_json`."""

    entries: tuple[Entry, ...] = ()
    rest: frozenset[str] = frozenset()

    def find(self, name: str, kind: Kind) -> Entry | None:
        """Return the field of a name and a kind."""
        return next((e for e in self.entries if e.name == name and e.kind == kind), None)

    def of(self, name: str) -> tuple[Entry, ...]:
        """Return all fields of a name."""
        return tuple(entry for entry in self.entries if entry.name == name)

    def with_field(self, name: str, kind: Kind) -> Fields:
        """Return these fields and, where it is missing, the one of a name and a kind."""
        if self.find(name, kind) is not None:
            return self
        taken = {entry.field.lower() for entry in self.entries} | _RESERVED
        entry = Entry(name, kind, _free(name, kind, taken))
        return Fields((*self.entries, entry), self.rest)

    def with_rest(self, names: Iterable[str]) -> Fields:
        """Return these fields with more names of which `_json` has values."""
        return Fields(self.entries, self.rest | frozenset(names))


_RESERVED: Final = frozenset({REST, "month", "bucket", *OBJECTS})


def _free(name: str, kind: Kind, taken: set[str] | frozenset[str]) -> str:
    """Return a name that no other has, upper and lower case being one."""
    plain = name.translate(_FORBIDDEN) or "_"
    marked = f"{plain}__{kind.name.translate(_FORBIDDEN).strip('_')}"
    candidates = [plain, marked, *(f"{marked}_{number}" for number in range(2, len(taken) + 3))]
    return next(each for each in candidates if each.lower() not in taken)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The columns of a store, and the fields of each of its STRUCTs."""

    columns: Fields
    objects: Mapping[str, Fields] = field(default_factory=dict)

    def fields(self, column: str) -> Fields:
        """Return the fields of a STRUCT."""
        return self.objects.get(column, Fields())


def to_schema(catalogue: Catalogue) -> Any:
    """Return the catalogue as a Delta schema."""
    from deltalake import Field, Schema
    from deltalake.schema import PrimitiveType

    columns = [_delta_field(entry) for entry in catalogue.columns.entries]
    for name, fields in catalogue.objects.items():
        columns.append(Field(name, _struct(fields), nullable=True))
    columns += [
        Field("month", PrimitiveType("string")),
        Field("bucket", PrimitiveType("integer")),
    ]
    return Schema(columns)


def from_schema(schema: Any) -> Catalogue:
    """Return the catalogue that a Delta schema is."""
    columns: list[Entry] = []
    objects: dict[str, Fields] = {}
    for each in schema.fields:
        if each.name in OBJECTS:
            objects[each.name] = _fields(each.type.fields)
        elif _KIND in each.metadata:
            columns.append(_entry(each))
    return Catalogue(Fields(tuple(columns)), objects)


def _struct(fields: Fields) -> Any:
    from deltalake import Field
    from deltalake.schema import PrimitiveType, StructType

    rest = Field(REST, PrimitiveType("string"), metadata={_NAMES: json.dumps(sorted(fields.rest))})
    return StructType([*map(_delta_field, fields.entries), rest])


def _delta_field(entry: Entry) -> Any:
    from deltalake import Field
    from deltalake.schema import ArrayType, PrimitiveType

    kind: Any = ArrayType(PrimitiveType("string"), contains_null=True)
    if entry.kind is not LIST:
        kind = PrimitiveType(entry.kind.delta)
    return Field(entry.field, kind, metadata={_NAME: entry.name, _KIND: entry.kind.name})


def _fields(found: Iterable[Any]) -> Fields:
    entries = []
    rest: Iterator[str] = iter(())
    for each in found:
        if each.name == REST:
            rest = iter(json.loads(each.metadata[_NAMES]))
        else:
            entries.append(_entry(each))
    return Fields(tuple(entries), frozenset(rest))


def _entry(found: Any) -> Entry:
    return Entry(found.metadata[_NAME], kind_named(found.metadata[_KIND]), found.name)


def duckdb_struct(fields: Fields) -> str:
    """Return the STRUCT as a DuckDB type."""
    from funnelkit.events.sql import quote_identifier

    parts = [f"{quote_identifier(e.field)} {e.kind.duckdb}" for e in fields.entries]
    return f"STRUCT({', '.join([*parts, f'{quote_identifier(REST)} {JSON.duckdb}'])})"
