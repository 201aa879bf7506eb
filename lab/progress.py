"""What the lab says while it works, and how it waits."""

import os
import sys
import time

BEGAN = time.monotonic()
COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ


class LabError(Exception):
    """Something that the lab's user is told in a sentence, without a stack of calls."""


def elapsed():
    return time.monotonic() - BEGAN


def bold(text):
    return f"\033[1m{text}\033[0m" if COLOURS else text


def say(text):
    """A line with the seconds since the command began; safe from any thread."""
    sys.stdout.write(f"{elapsed():6.1f}  {text}\n")
    sys.stdout.flush()


def wait_for(what, condition, deadline, interval=0.1):
    """Waits until `condition()` is true and returns its value; after `deadline` seconds raises
    a LabError that names `what`."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        if time.monotonic() > end:
            raise LabError(f"waited {deadline:g} s for {what}")
        time.sleep(interval)
    return value


def tail(path, lines=15):
    try:
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-lines:]).rstrip()
    except OSError as error:
        return str(error)
