"""The members of a source: plain files, gzip, and what a ZIP of Amplitude's export holds."""

from __future__ import annotations

import io
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from gzip import BadGzipFile
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Final, cast

from funnelkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

ZIP: Final = b"PK\x03\x04"
EMPTY_ZIP: Final = b"PK\x05\x06"
GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Member:
    """A file, or one inside a ZIP; `label` names it in messages, `size` are its bytes on disk.

    Where `address` is given, the file is an object that has to be fetched to `path` first.
    """

    path: Path
    label: str
    size: int
    inside: str | None = None
    address: str | None = None

    @property
    def ending(self) -> str:
        """The end of its name, without that of the compression."""
        name = (self.inside or str(self.path)).lower()
        return PurePosixPath(name.removesuffix(".gz")).suffix


def members(files: Sequence[tuple[Path, str]]) -> Iterator[Member]:
    """Yield the members of files in their order, those of a ZIP by name.

    The `complete` files, by which Amplitude marks an hour that was exported, hold no events.
    """
    for path, label in files:
        if not path.is_file():
            raise DataError(f"{label} is no file: an import cannot read it twice; write it to one")
        if is_zip(path):
            for name, size in packed(path, label):
                yield Member(path, f"{label}:{name}", size, name)
        elif not is_marker(path.name):
            yield Member(path, label, path.stat().st_size)


def packed(file: Path | IO[bytes], label: str) -> list[tuple[str, int]]:
    """Return the files with events in a ZIP, by name, and how many bytes each has there.

    Raises:
        DataError: it cannot be read, or is encrypted.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise DataError(f"{label} is a ZIP archive that cannot be read: {error}") from error
    infos = [info for info in infos if not info.is_dir() and not _is_aside(info.filename)]
    for info in infos:
        if info.flag_bits & 1:
            raise DataError(f"{label}: {info.filename} is encrypted")
    return [(info.filename, info.compress_size) for info in infos]


def is_zip(path: Path) -> bool:
    """Return whether a file is a ZIP archive, by its first bytes."""
    with path.open("rb") as file:
        return begins_zip(file)


def begins_zip(file: IO[bytes]) -> bool:
    """Return whether a file that was just opened is a ZIP archive."""
    return file.read(4) in {ZIP, EMPTY_ZIP}


def is_marker(name: str) -> bool:
    """Return whether a file of this name marks an hour that was exported.

    A hidden file that somebody names is meant: a folder's are not found at all.
    """
    return _is_aside(name.lstrip("."))


def _is_aside(name: str) -> bool:
    last = PurePosixPath(name).name.lower()
    return (
        last in {"complete", "_success"}
        or last.endswith("_complete")
        or last.startswith(".")
        or "__macosx/" in name.lower()
    )


@contextmanager
def opened(
    member: Member, progress: Callable[[int], None] | None = None
) -> Iterator[io.BufferedIOBase]:
    """Open the content of a member, unpacked; `progress` hears of every packed byte that is read.

    Raises:
        DataError: it is cut off or damaged, or cannot be read.
    """
    from isal import igzip, igzip_lib  # unpacks in a third of the time that gzip takes

    unpacking = cast("type[Exception]", igzip_lib.IsalError)
    with ExitStack() as stack:
        try:
            raw: IO[bytes]
            if member.inside is None:
                raw = stack.enter_context(member.path.open("rb"))
            else:
                archive = stack.enter_context(zipfile.ZipFile(member.path))
                raw = stack.enter_context(_open_inside(archive, member))
            counted = io.BufferedReader(_Counted(raw, progress), 1 << 20)
            stream: io.BufferedIOBase = counted
            if counted.peek(2)[:2] == GZIP:
                stream = cast("io.BufferedIOBase", stack.enter_context(igzip.open(counted)))  # type: ignore[no-untyped-call]
            yield stream
        except NotImplementedError as error:
            raise DataError(
                f"{member.label} cannot be unpacked here ({str(error).lower()}): unpack it first"
            ) from error
        except (EOFError, zlib.error, unpacking, zipfile.BadZipFile, BadGzipFile) as error:
            raise DataError(f"{member.label} is cut off or damaged: {error}") from error
        except OSError as error:
            raise DataError(f"{member.label} cannot be read: {error.strerror or error}") from error


def _open_inside(archive: zipfile.ZipFile, member: Member) -> IO[bytes]:
    try:
        return archive.open(member.inside or "")
    except KeyError:
        raise DataError(f"{member.label} vanished while the archive was read") from None


class _Counted(io.RawIOBase):
    """A stream that tells how much was read."""

    def __init__(self, raw: IO[bytes], progress: Callable[[int], None] | None) -> None:
        self.raw = raw
        self.progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self.raw.read(len(buffer))
        buffer[: len(found)] = found
        if self.progress is not None:
            self.progress(len(found))
        return len(found)
