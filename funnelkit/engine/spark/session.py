"""Spark itself: started, found running, and its errors."""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from funnelkit import errors
from funnelkit.errors import CouldNotCheck, DefinitionError, FunnelkitError
from funnelkit.events.processors import processors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

LOCAL = "local[*]"
ARROW_ROWS = 65_536


@contextmanager
def spark_session(master: str | None) -> Iterator[SparkSession]:
    """Yield the session that is running, or one that is stopped afterwards.

    Raises:
        DefinitionError: pyspark is not installed, or another master is in use.
        CouldNotCheck: Spark does not start.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise DefinitionError(
            "--engine spark needs pyspark: pip install 'funnelkit[spark]', and Java 17"
        ) from error
    running = SparkSession.getActiveSession()
    if running is not None:
        used = running.sparkContext.master
        if master is not None and master != used:
            raise DefinitionError(f"a Spark session is running on {used}, not on {master}")
        yield running
        return
    session = _start(master or LOCAL)
    try:
        yield session
    finally:
        session.stop()


def _start(master: str) -> SparkSession:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise CouldNotCheck("Spark needs Java 17 or newer: there is no java here, and no JAVA_HOME")
    settings = {
        "spark.log.level": "ERROR",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(ARROW_ROWS),
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    is_local = master.startswith("local")  # local-cluster[…], too: all processes are here
    if is_local:
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.shuffle.partitions": str(2 * processors()),
        }
    builder = SparkSession.builder.master(master).appName("funnelkit")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise CouldNotCheck(f"Spark does not start on {master}: {_first_line(error)}") from error
    if is_local and "PYSPARK_PYTHON" not in os.environ:  # Spark would take the first python3
        session.sparkContext.pythonExec = sys.executable
    return session


@contextmanager
def worker_errors() -> Iterator[None]:
    """Raise what funnelkit raised on a worker here, and any other failure of Spark as ours."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        text = str(error)
        if told := re.search(r"^funnelkit\.errors\.(\w+): (.*)$", text, re.MULTILINE):
            kind = getattr(errors, told[1], FunnelkitError)
            raise kind(told[2]) from error
        raise FunnelkitError(f"Spark failed: {_reason(text)}") from error


def _reason(text: str) -> str:
    """Return the line of a worker's traceback that says what happened."""
    if told := re.findall(r"^(\w[\w.]*(?:Error|Exception)\w*: .+)$", text, re.MULTILINE):
        return str(told[-1])
    return _first_line(text)


def _first_line(error: object) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), repr(error))
