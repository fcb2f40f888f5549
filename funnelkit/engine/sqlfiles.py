"""The text of the SQL files in `sql/`."""

from __future__ import annotations

from funnelkit.packaged import read_sql

__all__ = ["read_sql"]
