"""Objects become STRUCTs: every value goes to the field of its name and kind, the rest stays JSON.

Nothing is guessed: what a value is, its JSON text or its type says; a value that no field keeps
exactly is kept as the JSON that it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from funnelkit.errors import ColumnError, DataError
from funnelkit.events.duckdb_types import item_type, struct_fields
from funnelkit.events.sql import quote_identifier
from funnelkit.events.store.catalogue import MOST_FIELDS, REST, duckdb_struct
from funnelkit.events.store.kinds import BOOLEAN, INTEGER, JSON, LIST, NUMBER, TEXT, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from funnelkit.events.sql import Parameters
    from funnelkit.events.store.catalogue import Entry, Fields
    from funnelkit.events.store.kinds import Kind
    from funnelkit.events.table import EventTable
    from funnelkit.events.table import Field as SourceField

RARE: Final = 1000
"""A property that is in fewer than one of so many events gets no field of its own."""

_EXACT: Final = 9_007_199_254_740_991  # 2**53 - 1: the last one that no other is rounded to
_WHOLE: Final = r"'-?[0-9]+'"
_NUMBER: Final = r"'-?[0-9][0-9.eE+-]*'"
_TEXTS: Final = """('["VARCHAR"]', '["NULL"]')"""

_SCALARS: Final = {"text": TEXT, "boolean": BOOLEAN, "list": LIST, "number": NUMBER}


def kind_sql(text: str) -> str:
    """Return the SQL that names the kind of a JSON value; whole numbers are small or large."""
    return (
        f"CASE WHEN left({text}, 1) = '\"' THEN 'text' "
        f"WHEN {text} IN ('true', 'false') THEN 'boolean' "
        f"WHEN {_is_list(text)} THEN 'list' "
        f"WHEN {_integer(text)} BETWEEN -{_EXACT} AND {_EXACT} THEN 'small' "
        f"WHEN {_integer(text)} IS NOT NULL THEN 'large' "
        f"WHEN {_number(text)} IS NOT NULL THEN 'number' ELSE 'json' END"
    )


def _is_list(text: str) -> str:
    return f"CASE WHEN left({text}, 1) = '[' THEN json_structure({text})::VARCHAR IN {_TEXTS} END"


def _integer(text: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {_WHOLE}) THEN TRY_CAST({text} AS BIGINT) END"


def _number(text: str) -> str:
    """Return a number with a fraction or an exponent; whole ones are told apart before."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    return (
        f"CASE WHEN regexp_full_match({text}, {_NUMBER}) AND NOT "
        f"regexp_full_match({text}, {_WHOLE}) AND isfinite({number}) THEN {number} END"
    )


def value_sql(text: str, kind: Kind, *, numbers: bool) -> str:
    """Return the SQL of a JSON value as this kind, NULL where it is none.

    `numbers` tells that the name has a field of numbers, which then keeps small whole ones, too.
    """
    small = f"{_integer(text)} BETWEEN -{_EXACT} AND {_EXACT}"
    if kind is TEXT:
        return f"CASE WHEN left({text}, 1) = '\"' THEN {text}::JSON ->> '$' END"
    if kind is BOOLEAN:
        return f"CASE {text} WHEN 'true' THEN true WHEN 'false' THEN false END"
    if kind is LIST:
        return f"CASE WHEN {_is_list(text)} THEN from_json({text}, '[\"VARCHAR\"]') END"
    if kind is INTEGER:
        return f"CASE WHEN NOT ({small}) THEN {_integer(text)} END" if numbers else _integer(text)
    if kind is NUMBER:
        return f"CASE WHEN {small} THEN {_integer(text)}::DOUBLE ELSE {_number(text)} END"
    return f"NULL::{kind.duckdb}"  # no JSON value is a date


@dataclass(frozen=True, slots=True)
class Value:
    """A property of the source: SQL of the type of `kind`, or of JSON text where it is None."""

    sql: str
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Object:
    """A column of objects in the source, and what is in it.

    `json` is the SQL of the whole as JSON text where it is text or a MAP; otherwise each name has
    its own `values`. `kinds` counts the kinds of values by name; `repeats` tells that some object
    has a name twice, or is none.
    """

    present: str
    json: str | None
    values: Mapping[str, Value] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    repeats: bool = False


def look_into(
    table: EventTable,
    column: str,
    fields: Sequence[SourceField],
    connection: DuckDBPyConnection,
    bind: Parameters,
) -> Object:
    """Return what is in a column of objects; `bind` has the values of its SQL.

    Raises:
        ColumnError: DuckDB would mix two properties up.
        DataError: text is no JSON.
    """
    quoted, kind = quote_identifier(column), table.types[column]
    if struct_fields(kind):
        return _typed(table, quoted, fields, connection, bind)
    text = f"nullif({quoted}, '')" if kind == "VARCHAR" else f"to_json({quoted})::VARCHAR"
    if kind == "JSON":
        text = f"{quoted}::VARCHAR"
    relation = table.relation(bind)
    checked = (
        "SELECT count(*) FILTER (WHERE NOT json_valid(t)), count(*) FILTER (WHERE json_valid(t) "
        "AND (json_type(t) <> 'OBJECT' OR len(json_keys(t)) <> len(list_distinct(json_keys(t)))))"
        f" FROM (SELECT {text} AS t FROM {relation}) WHERE t IS NOT NULL"
    )
    wrong, repeats = connection.execute(checked, bind.used_in(checked)).fetchall()[0]
    if wrong:
        raise DataError(f"{column}: {wrong:,} events have text there that is no JSON")
    counted = (
        f"SELECT key, {kind_sql('v')} AS kind, count(*) FROM (SELECT e.key, e.value::VARCHAR AS v "
        f"FROM (SELECT {text} AS t FROM {relation}) o, json_each(o.t) e "
        "WHERE o.t IS NOT NULL AND json_type(o.t) = 'OBJECT') GROUP BY ALL ORDER BY ALL"
    )
    kinds: dict[str, dict[str, int]] = {}
    for name, word, count in connection.execute(counted, bind.used_in(counted)).fetchall():
        kinds.setdefault(name, {})[word] = count
    return Object(f"{text} IS NOT NULL", text, kinds=kinds, repeats=bool(repeats))


def _typed(
    table: EventTable,
    quoted: str,
    fields: Sequence[SourceField],
    connection: DuckDBPyConnection,
    bind: Parameters,
) -> Object:
    values: dict[str, Value] = {}
    for each in fields:
        if each.read_as is None:
            raise ColumnError(
                f"some files have a property {each.name!r}, others one that differs from it only "
                "in case; DuckDB would mix them up. Import the files one by one."
            )
        sql = f"({quoted}).{quote_identifier(each.read_as)}"
        if each.inside:
            sql = f"json_extract({sql}, {bind.bind(pointer(each.name))})"
        if each.name in values:
            raise ColumnError(f"the property {each.name!r} is in two fields")
        values[each.name] = as_value(sql, each.type)
    relation = table.relation(bind)
    kinds: dict[str, dict[str, int]] = {}
    typed = {name: value for name, value in values.items() if value.kind is not None}
    if typed:
        counts = ", ".join(f"count({value.sql})" for value in typed.values())
        sql = f"SELECT {counts} FROM {relation}"
        counted = connection.execute(sql, bind.used_in(sql)).fetchall()[0]
        for (name, value), count in zip(typed.items(), counted, strict=True):
            if value.kind is not None:
                kinds[name] = {value.kind.name: count}
    for name, value in values.items():
        if value.kind is None:
            kinds |= {name: found} if (found := kinds_of(value, relation, bind, connection)) else {}
    return Object(f"{quoted} IS NOT NULL", None, values, kinds)


def kinds_of(
    value: Value, relation: str, bind: Parameters, connection: DuckDBPyConnection
) -> dict[str, int]:
    """Return how often a JSON value is of which kind."""
    sql = (
        f"SELECT {kind_sql('v')}, count(*) FROM (SELECT {value.sql} AS v FROM {relation}) "
        "WHERE v IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return dict(connection.execute(sql, bind.used_in(sql)).fetchall())


def as_value(sql: str, duckdb_type: str) -> Value:
    """Return a field or a column as it goes into a store."""
    kind = kind_of(duckdb_type)
    if kind is None:
        if item_type(duckdb_type) in {"DOUBLE", "FLOAT"}:  # JSON has no NaN
            sql = (
                f"list_transform({sql}, lambda item: CASE WHEN isfinite(item) OR isinf(item) "
                "THEN item END)"
            )
        return Value(f"to_json({sql})::VARCHAR", None)
    return Value(f"CAST({sql} AS {kind.duckdb})", kind)


def pointer(name: str) -> str:
    """Return the JSON pointer of a name."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def fields_for(found: Object, fields: Fields, *, events: int) -> Fields:
    """Return the fields with those that the values in `found` need."""
    for name, kinds in sorted(found.kinds.items(), key=lambda item: -sum(item[1].values())):
        known = bool(fields.of(name))
        # What a file declares gets its field, even if nothing is there.
        rare = 0 < sum(kinds.values()) * RARE < events
        if not known and (rare or len(fields.entries) >= MOST_FIELDS):
            fields = fields.with_rest([name])
            continue
        for word in sorted(kinds, key=lambda word: word in {"small", "large"}):
            if word == "small" and fields.find(name, NUMBER):
                continue
            if word == "json":
                fields = fields.with_rest([name])
            elif word in {"small", "large"}:
                fields = fields.with_field(name, INTEGER)
            else:
                value = found.values.get(name)
                typed = None if value is None else value.kind
                fields = fields.with_field(name, typed or _SCALARS[word])
    return fields.with_rest(found.kinds if found.repeats else ())


class Shredder:
    """The SQL of one STRUCT: `inner` is selected first, `outer` from what it gives."""

    def __init__(self, column: str, found: Object, fields: Fields, bind: Parameters) -> None:
        self.column = column
        self.bind = bind
        self.found = found
        self.fields = fields
        self.names = [name for name in found.kinds if fields.of(name)]
        self.values_name = quote_identifier(f"fk_in_{column}")
        self.json_name = quote_identifier(f"fk_as_{column}")

    def inner(self) -> Iterator[str]:
        """Yield the columns to be added to those of the source."""
        if self.found.json is None:
            return
        yield f"{self.found.json} AS {self.json_name}"
        if self.names:
            pointers = self.bind.bind([pointer(name) for name in self.names])
            yield f"json_extract({self.found.json}, {pointers}) AS {self.values_name}"

    def outer(self) -> str:
        """Return the STRUCT."""
        place = {name: number for number, name in enumerate(self.names, start=1)}
        parts = []
        for entry in self.fields.entries:
            sql = self._value(entry, place) if entry.name in place else "NULL"
            parts.append(f"{quote_identifier(entry.field)} := ({sql})::{entry.kind.duckdb}")
        parts.append(f"{quote_identifier(REST)} := {self._rest(place)}")
        packed = f"struct_pack({', '.join(parts)})::{duckdb_struct(self.fields)}"
        present = self.found.present
        if self.found.json is not None:
            present = f"{self.json_name} IS NOT NULL"
        return f"CASE WHEN {present} THEN {packed} END"

    def _value(self, entry: Entry, place: Mapping[str, int]) -> str:
        value = self._source(entry.name, place)
        if value.kind is not None:
            return value.sql if value.kind == entry.kind else "NULL"
        numbers = self.fields.find(entry.name, NUMBER) is not None
        sql = value_sql(value.sql, entry.kind, numbers=numbers)
        return f"CASE WHEN NOT ({self._whole()}) THEN {sql} END" if self.found.repeats else sql

    def _source(self, name: str, place: Mapping[str, int]) -> Value:
        if self.found.json is None:
            return self.found.values[name]
        return Value(f"{self.values_name}[{place[name]}]::VARCHAR", None)

    def _whole(self) -> str:
        """Return the condition that an object stays whole: it has a name twice, or is none."""
        json = self.json_name
        return (
            f"json_type({json}) <> 'OBJECT' OR "
            f"len(json_keys({json})) <> len(list_distinct(json_keys({json})))"
        )

    def _rest(self, place: Mapping[str, int]) -> str:
        """Return the JSON object of the values that are in no field, NULL where there are none."""
        items = []
        for name, kinds in self.found.kinds.items():
            value = self.found.values.get(name)
            if name in place and "json" not in kinds:
                continue
            if name not in place and self.found.json is not None:
                continue
            if value is not None and value.kind is not None:
                text = f"to_json({value.sql})::VARCHAR"
                items.append(f"{self._key(name)} || {text}")
            else:
                text = self._source(name, place).sql
                item = f"{self._key(name)} || {text}"
                if name in place:
                    item = f"CASE WHEN {kind_sql(text)} = 'json' THEN {item} END"
                items.append(item)
        joined = f"array_to_string([{', '.join(items)}]::VARCHAR[], ',')"
        loose = [name for name in self.found.kinds if name not in place]
        if self.found.json is not None and loose:
            placed = self.bind.bind(list(self.names))
            kept = (
                f"list_filter(json_keys({self.json_name}), "
                f"lambda k: NOT list_contains({placed}::VARCHAR[], k))"
            )
            path = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"
            more = (
                f"array_to_string(list_transform({kept}, lambda k: to_json(k)::VARCHAR || ':' || "
                f"json_extract({self.json_name}, {path})::VARCHAR), ',')"
            )
            joined = f"array_to_string([nullif({joined}, ''), nullif({more}, '')], ',')"
        rest = f"'{{' || nullif({joined}, '') || '}}'"
        if self.found.repeats:
            rest = f"CASE WHEN {self._whole()} THEN {self.json_name} ELSE {rest} END"
        return f"({rest})::{JSON.duckdb}"

    def _key(self, name: str) -> str:
        return self.bind.bind(json.dumps(name, ensure_ascii=False) + ":")
