"""Objects as sources of an import: listed first, then fetched one at a time and removed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from funnelkit.errors import DataError
from funnelkit.events.bucket import parted, size_of
from funnelkit.events.imported import BESIDE, STATE
from funnelkit.events.importers.archive import Member, begins_zip, is_marker, members, packed
from funnelkit.events.ranges import open_object
from funnelkit.events.remote import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from funnelkit.events.remote import RemoteObject

_ARCHIVE: Final = ".zip"
"""Only an object of such a name is looked into before it is fetched: there may be thousands."""


class Objects:
    """Objects of an import, of which one at a time is in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._here: str | None = None

    def members(self, source: RemoteObject) -> Iterator[Member]:
        """Yield the members of an object, none of which is fetched: a ZIP tells them at its end.

        Raises:
            DataError: a ZIP cannot be read, or the object holds imported events.
        """
        address = source.address
        _check(address)
        path = self._folder / PurePosixPath(address).name
        if path.suffix.lower() == _ARCHIVE:
            with open_object(address) as file:
                if begins_zip(file):
                    for name, size in packed(file, address):
                        yield Member(path, f"{address}:{name}", size, name, address)
                    return
        if not is_marker(path.name):
            yield Member(path, address, source.size, address=address)

    def fetched(self, member: Member) -> Iterator[Member]:
        """Yield a member when it is a file of this machine; a ZIP of another name as its members.

        Raises:
            DataError: the object cannot be fetched.
        """
        if member.address is None:
            yield member
            return
        if member.address != self._here:
            self.remove()
            self._here = member.address
            fetch(member.address, self._folder)
        if member.inside is None:
            yield from members([(member.path, member.label)])
        else:
            yield replace(member, address=None)

    def remove(self) -> None:
        """Remove the object that is here."""
        if self._here is not None:
            for file in self._folder.iterdir():
                file.unlink()
            self._here = None


def _check(address: str) -> None:
    """Refuse what an import has written, which is more than one file."""
    name = PurePosixPath(address).name
    if not (name.startswith("events-") and name.endswith(".parquet")):
        return
    bucket, key = parted(address)
    if size_of(bucket, str(PurePosixPath(key).with_name(BESIDE) / STATE)) is not None:
        raise DataError(
            f"{address} has imported events, which their folder tells more of: copy it here first, "
            "or import what it was made of"
        )
