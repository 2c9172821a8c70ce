"""When a call that failed is made again."""
import random
import time
from typing import Optional

import grpc
from google.rpc import error_details_pb2

from kith._error import Error

FIRST_SECONDS = 0.05
MAX_SECONDS = 2.0


class Deadline:
    """Until when, of a call that has so many seconds, or as long as it takes."""

    def __init__(self, seconds: Optional[float]):
        self.at = None if seconds is None else time.monotonic() + seconds

    def left(self) -> Optional[float]:
        return None if self.at is None else max(0.0, self.at - time.monotonic())


class Retries:
    """Those of one call: until its deadline, and no longer than `patience` after its first failure."""

    def __init__(self, deadline: Deadline, patience: float):
        self._deadline = deadline
        self._patience = patience
        self._give_up_at: Optional[float] = None
        self._next = FIRST_SECONDS

    def wait_after(self, failure: grpc.RpcError) -> Optional[float]:
        """How many seconds to wait; None where the failure is the call's outcome."""
        info = Error.of(failure).detail(error_details_pb2.RetryInfo)
        if getattr(failure, "given_up", False):
            return None
        if info is None and failure.code() != grpc.StatusCode.UNAVAILABLE:
            return None
        now = time.monotonic()
        if self._give_up_at is None:
            self._give_up_at = now + self._patience
        least = 0.0 if info is None else info.retry_delay.ToTimedelta().total_seconds()
        # Never sooner than was asked for, and not all at the same moment.
        wait = least + self._next * random.uniform(0.5, 1.0)
        self._next = min(self._next * 2, MAX_SECONDS)
        last = self._give_up_at if self._deadline.at is None else min(self._give_up_at, self._deadline.at)
        return wait if now + wait < last else None
