"""The files of a store are plain Parquet: Spark reads them, too."""

import shutil
import subprocess
import sys

import pytest

from funnelkit.events.sources import open_events
from funnelkit.events.store.lock import writing
from funnelkit.events.store.reading import open_store
from funnelkit.events.store.writing import append

SPARK = """
import sys
from pyspark.sql import SparkSession
spark = (
    SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1").getOrCreate()
)
rows = spark.read.option("mergeSchema", "true").parquet(*sys.argv[1:])
one = rows.selectExpr(
    "count(*)", "round(sum(event_properties.price), 2)", "max(event_properties._json)"
).first()
print(*one)
spark.stop()
"""


@pytest.mark.slow
def test_spark_reads_the_files(tmp_path, repository):
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is no `java`")
    folder = tmp_path / "store"
    source = repository / "sample_events" / "workshop" / "pre.parquet"
    with open_events(source) as table, writing(folder):
        append(folder, table, buckets=2)
    files = open_store(folder).files[1:]
    done = subprocess.run(
        [sys.executable, "-c", SPARK, *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    count, total, rest = done.stdout.split()[-3:]
    assert (int(count), rest) == (5798, "None")
    with open_events(source) as table:
        import polars as pl

        wanted = pl.scan_parquet(table.files).select(
            pl.col("event_properties").struct.field("price").sum().round(2)
        )
        assert float(total) == wanted.collect().item()
