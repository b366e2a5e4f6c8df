"""Waiting on conditions.

Promise: a wait ends as soon as its condition holds, and says what it waited for when it fails.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Long enough for a machine that is busy with other things; no test takes it as a measure.
PATIENCE = 40.0


def wait_until(condition: Callable[[], T], what: str, seconds: float = PATIENCE, every: float = 0.05) -> T:
    """Returns the condition's first truthy answer; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)
