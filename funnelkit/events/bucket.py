"""Buckets of object storage: opened, listed, and what goes wrong with them in words.

They are reached with obstore, which takes the address and the keys from the variables that every
tool for S3 knows: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from funnelkit.errors import DataError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME: Final = "s3://"
_KEYS_OF_A_MACHINE: Final = "http://169.254.169.254/"  # where a machine of Amazon's has some


def parted(address: str) -> tuple[str, str]:
    """Return the bucket and the key of an address.

    Raises:
        DataError: it names no bucket.
    """
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise DataError(f"{address} names no bucket: s3://bucket/key is needed")
    return bucket, key


@cache
def open_bucket(bucket: str) -> Any:
    """Return a bucket as obstore knows it.

    Raises:
        DefinitionError: obstore is not installed.
    """
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


@contextmanager
def asked(bucket: str, key: str) -> Iterator[Any]:
    """Give a bucket; raise what it says, of an object or of itself, as a `DataError`."""
    store = open_bucket(bucket)
    from obstore.exceptions import BaseError

    try:
        yield store
    except (BaseError, OSError) as error:
        what = f"the object {key!r} of the bucket {bucket}" if key else f"the bucket {bucket}"
        raise DataError(f"{what} cannot be read: {_reason(error)}") from error


def size_of(bucket: str, key: str) -> int | None:
    """Return how many bytes an object has; None if there is none of this key."""
    with asked(bucket, key) as store:
        import obstore

        try:
            return int(obstore.head(store, key)["size"])
        except FileNotFoundError:
            return None


def sizes(bucket: str, prefix: str) -> dict[str, int]:
    """Return the keys of a bucket that begin so, in order, and how many bytes each object has.

    S3 lists by folder: the rest is sifted here.
    """
    folder = prefix[: prefix.rfind("/") + 1]
    with asked(bucket, prefix) as store:
        import obstore

        listed = {
            one["path"]: int(one["size"])
            for page in obstore.list(store, prefix=folder or None)
            for one in page
        }
    return {key: listed[key] for key in sorted(listed) if key.startswith(prefix)}


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
