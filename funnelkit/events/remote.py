"""Files in object storage: which there are, and how DuckDB reads them without a copy.

DuckDB asks for the ranges of bytes that it needs: a Parquet file's footer, then the columns of a
question, but for row groups that their statistics rule out. They are fetched with obstore, which
takes the address and the keys from the variables that every tool for S3 knows: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import glob
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self

from funnelkit.errors import DataError, DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

SCHEME: Final = "s3://"
_UNREADABLE: Final = "cannot be read"
_KEYS_OF_A_MACHINE: Final = "http://169.254.169.254/"  # where a machine of Amazon's has some


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


def find_objects(address: str) -> list[str]:
    """Return the addresses that an object, a glob or a folder stands for, in order.

    A folder is a prefix that ends at a slash; what stands for its events is said by `find_files`.

    Raises:
        DataError: there is none, or the bucket cannot be read; the text names bucket and key.
    """
    from funnelkit.events.files import is_event_name

    bucket, key = _parted(address)
    if key and not key.endswith("/") and _exists(bucket, key):
        return [address]
    if glob.has_magic(key):
        from fsspec.utils import glob_translate

        fixed = key[: re.search(r"[*?\[]", key).start()]  # type: ignore[union-attr]
        matches = re.compile(glob_translate(key)).match
        known = _keys(bucket, fixed)
        found = [each for each in known if matches(each)]
        if not found:
            near = did_you_mean(key, known)
            raise DataError(f"no object of the bucket {bucket} matches {key!r}.{near}")
        return [f"{SCHEME}{bucket}/{each}" for each in found]
    folder = f"{key.rstrip('/')}/" if key else ""
    known = _keys(bucket, folder)
    if any("_delta_log" in each.removeprefix(folder).split("/")[:-1] for each in known):
        raise DataError(
            f"{address} has a Delta table, whose log says which of its files count; it is read "
            "from a folder of this machine: copy it here first"
        )
    found = [each for each in known if is_event_name(tuple(each.removeprefix(folder).split("/")))]
    if not found:
        above = key.rstrip("/").rpartition("/")[0]
        near = did_you_mean(key, _keys(bucket, f"{above}/" if above else ""))
        raise DataError(f"the bucket {bucket} has no object {key!r}, nor events below it.{near}")
    return [f"{SCHEME}{bucket}/{each}" for each in found]


def is_parquet(address: str) -> bool:
    """Tell by its name whether an object is read where it lies; others are fetched whole."""
    return address.lower().endswith((".parquet", ".pq"))


def fetch(address: str, folder: Path) -> Path:
    """Write a whole object into a folder; return the file, which has the object's last name."""
    import obstore

    bucket, key = _parted(address)
    target = folder / key.rpartition("/")[2]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("wb") as file:
            for chunk in obstore.get(_store(bucket), key).stream():
                file.write(chunk)
    except _errors() as error:
        raise _data_error(bucket, key, error) from error
    return target


def read_remote(connection: DuckDBPyConnection, files: Sequence[str]) -> None:
    """Let DuckDB read addresses in object storage, where any of the files is one."""
    if any(map(is_remote, files)) and "s3" not in connection.list_filesystems():
        connection.register_filesystem(_filesystem())


def _parted(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise DataError(f"{address} names no bucket: s3://bucket/key is needed")
    return bucket, key


@cache
def _store(bucket: str) -> Any:
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise DefinitionError(
            "reading s3:// needs obstore and fsspec: pip install 'funnelkit[s3]'"
        ) from error
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    given: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        bucket,
        client_options={"allow_http": (endpoint or "").startswith("http://")},
        retry_config={"max_retries": 3},
        **given,
    )


def _errors() -> tuple[type[Exception], ...]:
    from obstore.exceptions import BaseError

    return (BaseError, OSError)


def _data_error(bucket: str, key: str, error: Exception) -> DataError:
    what = f"the object {key!r} of the bucket {bucket}" if key else f"the bucket {bucket}"
    return DataError(f"{what} {_UNREADABLE}: {_reason(error)}")


def _reason(error: Exception) -> str:
    """Return what a server said, in one line: its code, or else the client's own words."""
    text = str(error)
    said = re.search(r"<Code>(\w+)</Code>(?:\s*<Message>([^<]+)</Message>)?", text)
    if said:
        return ": ".join(part for part in said.groups() if part)
    words = text.partition("\nDebug source")[0].partition("\n\nDebug")[0]
    if _KEYS_OF_A_MACHINE in words:  # asked where no other key was found
        return (
            "there are no keys for it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
            "AWS_SKIP_SIGNATURE=true where everybody may read"
        )
    return " ".join(words.split())


def _keys(bucket: str, prefix: str) -> list[str]:
    """Return the keys of a bucket that begin so. S3 lists by folder: the rest is sifted here."""
    import obstore

    folder = prefix[: prefix.rfind("/") + 1]
    try:
        listed = [
            one["path"]
            for page in obstore.list(_store(bucket), prefix=folder or None)
            for one in page
        ]
    except _errors() as error:
        raise _data_error(bucket, prefix, error) from error
    return sorted(key for key in listed if key.startswith(prefix))


def _exists(bucket: str, key: str) -> bool:
    import obstore

    try:
        obstore.head(_store(bucket), key)
    except FileNotFoundError:
        return False
    except _errors() as error:
        raise _data_error(bucket, key, error) from error
    return True


def _filesystem() -> Any:
    """Return how DuckDB reaches object storage, which is by an fsspec file system."""
    import obstore
    from fsspec import AbstractFileSystem

    class Objects(AbstractFileSystem):  # type: ignore[misc, unused-ignore]
        """What DuckDB asks of a file system that is only read."""

        protocol = "s3"
        cachable = False

        def glob(self, path: str, **_: Any) -> list[str]:
            """Return the one object that an escaped name stands for."""
            return [re.sub(r"\[([*?\[])\]", r"\1", path)]

        def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
            if "r" not in mode:
                raise PermissionError(f"{path}: objects are only read")
            return _Object(*_parted(path))

        def exists(self, path: str, **_: Any) -> bool:
            return _exists(*_parted(path))

        def size(self, path: str) -> int:
            return int(self._head(path)["size"])

        def modified(self, path: str) -> datetime:
            found: datetime = self._head(path)["last_modified"]
            return found

        def _head(self, path: str) -> Any:
            bucket, key = _parted(path)
            return obstore.head(_store(bucket), key)

    return Objects()


class _Object:
    """An object as a file that is read by ranges, no more than is asked for."""

    def __init__(self, bucket: str, key: str) -> None:
        import obstore

        self._store = _store(bucket)
        self._key = key
        self._at = 0
        self.size: int = obstore.head(self._store, key)["size"]

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = base + to
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, length: int = -1) -> bytes:
        import obstore

        start = self._at
        end = self.size if length < 0 else min(self.size, start + length)
        if end <= start:
            return b""
        self._at = end
        return bytes(obstore.get_range(self._store, self._key, start=start, end=end))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
