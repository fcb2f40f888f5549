"""What the parts of one opening of events share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

    from funnelkit.events.table import Role
    from funnelkit.events.workfolder import WorkFolder


@dataclass(slots=True)
class Opening:
    """Where events are opened: a connection, a folder for copies, and what is to be said of it.

    `explicit` are the columns that were given; `notes` grow in the order of the work.
    """

    connection: DuckDBPyConnection
    folder: WorkFolder
    explicit: Mapping[Role, str]
    notes: list[str] = field(default_factory=list)
