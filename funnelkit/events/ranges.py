"""Objects as files that are read by ranges of bytes: no more is fetched than is asked for.

DuckDB asks for the ranges that it needs: a Parquet file's footer, then the columns of a question,
but for row groups that their statistics rule out.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Self, cast

from funnelkit.events.bucket import asked, open_bucket, parted, size_of
from funnelkit.events.remote import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection


def read_remote(connection: DuckDBPyConnection, files: Sequence[str]) -> None:
    """Let DuckDB read addresses in object storage, where any of the files is one."""
    if any(map(is_remote, files)) and "s3" not in connection.list_filesystems():
        connection.register_filesystem(_filesystem())


@contextmanager
def open_object(address: str) -> Iterator[IO[bytes]]:
    """Open an object as a file that is read by ranges.

    Raises:
        DataError: it cannot be read; the text names bucket and key.
    """
    with asked(*parted(address)):
        yield cast("IO[bytes]", _ObjectFile(address))


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
            return _ObjectFile(path)

        def exists(self, path: str, **_: Any) -> bool:
            return size_of(*parted(path)) is not None

        def size(self, path: str) -> int:
            return int(self._head(path)["size"])

        def modified(self, path: str) -> datetime:
            found: datetime = self._head(path)["last_modified"]
            return found

        def _head(self, path: str) -> Any:
            bucket, key = parted(path)
            return obstore.head(open_bucket(bucket), key)

    return Objects()


class _ObjectFile:
    """An object as a file that is read by ranges, no more than is asked for."""

    def __init__(self, address: str) -> None:
        import obstore

        bucket, self._key = parted(address)
        self._store = open_bucket(bucket)
        self._at = 0
        self.size: int = obstore.head(self._store, self._key)["size"]

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
