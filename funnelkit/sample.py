"""The sample events that come with funnelkit."""

from __future__ import annotations

from pathlib import Path

from funnelkit.errors import FunnelkitError
from funnelkit.packaged import packaged_folder


def sample_folder() -> Path:
    """Return the folder `sample_events`, which holds one folder of Parquet files per sample.

    Raises:
        FunnelkitError: the folder is missing, or lies in an archive that DuckDB cannot read.
    """
    folder = packaged_folder("sample_events")
    if not isinstance(folder, Path):
        raise FunnelkitError(f"the sample events lie inside an archive: {folder}; unpack it first")
    return folder
