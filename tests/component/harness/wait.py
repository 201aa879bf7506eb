"""Waiting for something to become true, never for time to pass."""

import time

import psycopg

from harness import settings

# What "not yet" looks like while servers start, stop and change roles.
NOT_YET = (psycopg.Error, OSError)


def wait_for(condition, what, seconds=10.0):
    """Calls `condition` until it returns something true, and returns that.

    Raises AssertionError after `seconds` (more in slow builds), saying `what` did not happen.
    """
    deadline = time.monotonic() + seconds * settings.PATIENCE
    seen = None
    while True:
        try:
            seen = condition()
            if seen:
                return seen
        except NOT_YET as error:
            seen = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {seconds * settings.PATIENCE:g} s; "
                                 f"last seen: {seen!r}")
        time.sleep(0.02)
