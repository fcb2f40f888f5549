"""Where an event lies in a store: its month, the bucket of its user, and the order in a file.

A folder `month=2026-04/bucket=3` holds whole months of some users, each file in the order of
(amplitude_id, event_time). So a report reads only the months that it needs, and each bucket by
itself: a user is never in two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import uuid4

FORMAT: Final = 1
"""The version of everything in this package that is written to disk."""

BUCKETS: Final = 16
"""How many buckets a new store has; with so many, 200 million events fit into memory in parts."""

MOST_BUCKETS: Final = 4096

SIDE: Final = "_funnelkit"
"""The folder of the side tables; readers of Delta leave names with an underscore alone."""

ROW_GROUP: Final = 122_880
PARTITION: Final = ("month", "bucket")
ORDER: Final = ("amplitude_id", "event_time", "event_id", "uuid", "$insert_id")

PRIME: Final = 2_147_483_647  # 2**31 - 1
"""Ids that differ by it are in one bucket."""

_GOLDEN: Final = 1_327_217_885  # the prime times the golden ratio: spreads ids of any pattern


def bucket_of(amplitude_id: int | None, buckets: int) -> int:
    """Return the bucket of a user; events that name nobody are in bucket 0.

    Whole numbers of 64 bits and nothing else, so that every engine gives the same answer.
    """
    if amplitude_id is None:
        return 0
    return amplitude_id % PRIME * _GOLDEN % PRIME * buckets // PRIME


def bucket_sql(amplitude_id: str, buckets: int) -> str:
    """Return `bucket_of` in SQL; % has the sign of the dividend there."""
    positive = f"(({amplitude_id} % {PRIME} + {PRIME}) % {PRIME})"
    return f"coalesce({positive} * {_GOLDEN} % {PRIME} * {buckets} // {PRIME}, 0)::INTEGER"


MONTH_SQL: Final = "strftime(event_time, '%Y-%m')"


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A month, as 2026-04, and a bucket of users."""

    month: str
    bucket: int

    @property
    def folder(self) -> str:
        """The folder of the files, relative to the store's."""
        return f"month={quote(self.month)}/bucket={self.bucket}"

    @property
    def values(self) -> dict[str, str | None]:
        """The values as Delta's log has them."""
        return {"month": self.month, "bucket": str(self.bucket)}

    def new_file(self) -> str:
        """Return the path of a new file, relative to the store's folder."""
        return f"{self.folder}/{uuid4().hex}.parquet"
