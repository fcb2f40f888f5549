"""Addresses in object storage: which objects they stand for, and a copy of one where it is needed.

Parquet is read without a copy (see `ranges`), everything else is fetched whole.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError, did_you_mean
from funnelkit.events.bucket import SCHEME, asked, parted, size_of, sizes

if TYPE_CHECKING:
    from pathlib import Path

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+:/")  # a path keeps one of the two slashes


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object, by its address, and how many bytes it has."""

    address: str
    size: int


def is_address(path: str | os.PathLike[str]) -> bool:
    """Tell whether what should be a path is an address, of any kind."""
    return _ADDRESS.match(os.fspath(path)) is not None


def is_remote(source: object) -> bool:
    """Tell whether a source is an address in object storage.

    Raises:
        DataError: it is an address of another kind.
    """
    text = os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""
    if "://" not in text:
        return False
    if text.startswith(SCHEME):
        return True
    raise DataError(f"{text} is neither a local path nor s3://bucket/key; download the files first")


def find_objects(address: str) -> list[RemoteObject]:
    """Return the objects that one's address, a glob or a folder stands for, in order.

    A folder is a prefix that ends at a slash; what stands for its events is said by `find_files`.

    Raises:
        DataError: there is none, or the bucket cannot be read; the text names bucket and key.
    """
    bucket, key = parted(address)
    if key and not key.endswith("/"):
        size = size_of(bucket, key)
        if size is not None:
            return [RemoteObject(address, size)]
    found = _matching(bucket, key) if glob.has_magic(key) else _below(bucket, key)
    return [RemoteObject(f"{SCHEME}{bucket}/{each}", size) for each, size in found.items()]


def _matching(bucket: str, pattern: str) -> dict[str, int]:
    from fsspec.utils import glob_translate

    fixed = pattern[: re.search(r"[*?\[]", pattern).start()]  # type: ignore[union-attr]
    matches = re.compile(glob_translate(pattern)).match
    known = sizes(bucket, fixed)
    found = {key: size for key, size in known.items() if matches(key)}
    if not found:
        near = did_you_mean(pattern, list(known))
        raise DataError(f"no object of the bucket {bucket} matches {pattern!r}.{near}")
    return found


def _below(bucket: str, prefix: str) -> dict[str, int]:
    from funnelkit.events.files import is_event_name

    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    known = sizes(bucket, folder)
    parts = {key: tuple(key.removeprefix(folder).split("/")) for key in known}
    if any("_delta_log" in each[:-1] for each in parts.values()):
        raise DataError(
            f"{SCHEME}{bucket}/{prefix} has a Delta table, whose log says which of its files "
            "count; it is read from a folder of this machine: copy it here first"
        )
    found = {key: size for key, size in known.items() if is_event_name(parts[key])}
    if not found:
        above = prefix.rstrip("/").rpartition("/")[0]
        near = did_you_mean(prefix, list(sizes(bucket, f"{above}/" if above else "")))
        raise DataError(f"the bucket {bucket} has no object {prefix!r}, nor events below it.{near}")
    return found


def is_parquet(address: str) -> bool:
    """Tell by its name whether an object is read where it lies; others are fetched whole."""
    return address.lower().endswith((".parquet", ".pq"))


def fetch(address: str, folder: Path) -> Path:
    """Write a whole object into a folder; return the file, which has the object's last name.

    Raises:
        DataError: it cannot be fetched; the text names bucket and key.
    """
    bucket, key = parted(address)
    target = folder / key.rpartition("/")[2]
    target.parent.mkdir(parents=True, exist_ok=True)
    with asked(bucket, key) as store, target.open("wb") as file:
        import obstore

        for chunk in obstore.get(store, key).stream():
            file.write(chunk)
    return target
