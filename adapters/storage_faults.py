"""What S3 and the way to it can say, as the faults of the door: by kind, without a provider's words."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from adapters.calls import Answer
from adapters.faults import Broken, Busy, Fault, Rejected, TimedOut

BUSY: Final = frozenset(
    {"SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded", "503", "429"}
)
SECONDS: Final = re.compile(r"[0-9]{1,5}")
"""A Retry-After as S3 writes it."""
GONE: Final = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
"""Words for an object that isn't there; a bucket that isn't there is another matter."""


@contextmanager
def named_faults(carrier: str) -> Iterator[None]:
    """Raises the fault that a failure in here means, and FileNotFoundError for an object that isn't there."""
    try:
        yield
    except ClientError as said:
        raise _meant(carrier, said) from None
    except ConnectTimeoutError:
        raise TimedOut(carrier, "connecting", sent=False) from None
    except ReadTimeoutError:
        raise TimedOut(carrier, "answering", sent=True) from None
    except EndpointConnectionError:
        raise Broken(carrier, "no connection", sent=False) from None
    except (BotoCoreError, Boto3Error):
        raise Broken(carrier, "the connection broke", sent=True) from None


def _meant(carrier: str, said: ClientError) -> Fault | FileNotFoundError:
    told: dict[str, Any] = said.response.get("ResponseMetadata", {})
    status, code = int(told.get("HTTPStatusCode") or 0), str(said.response.get("Error", {}).get("Code", ""))
    headers: dict[str, str] = told.get("HTTPHeaders", {})
    if code in GONE:
        return FileNotFoundError(f"{carrier} has no such object")
    if code in BUSY or status in (429, 503):
        said_wait = headers.get("retry-after", "")
        return Busy(carrier, status, timedelta(seconds=int(said_wait)) if SECONDS.fullmatch(said_wait) else None)
    if status >= 500 or not status:
        return Broken(carrier, f"status {status}", sent=True, status=status)
    return Rejected(carrier, Answer(carrier, status, headers, b""), code if code.isalnum() else "")


def must_have_bucket(store: Any) -> None:
    """Raises ``Rejected`` when it isn't one object that is missing, but the bucket itself."""
    try:
        with named_faults(store.carrier):
            store.connection.meta.client.head_bucket(Bucket=store.bucket_name)
    except FileNotFoundError:
        raise Rejected(store.carrier, Answer(store.carrier, 404, {}, b""), "NoSuchBucket") from None


def anybody_may(store: Any) -> list[str]:
    """What the store answers to somebody without our key: listing the bucket, reading an object. Empty when it refuses all."""
    client, found = store.unsigned_connection.meta.client, []
    with store.contact():
        key = next((one.key for one in store.bucket.objects.limit(1)), None)
        asked: dict[str, Callable[[], object]] = {
            "list": lambda: client.list_objects_v2(Bucket=store.bucket_name, MaxKeys=1)
        }
        if key:
            asked["read"] = lambda: client.head_object(Bucket=store.bucket_name, Key=key)
        for what, ask in asked.items():
            try:
                ask()
            except ClientError as said:
                if said.response["ResponseMetadata"]["HTTPStatusCode"] not in (401, 403):
                    raise
            else:
                found.append(what)
    return found
