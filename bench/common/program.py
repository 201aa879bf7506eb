"""What surrounds a benchmark: its command line, its folder, and an end in order."""

import argparse
import contextlib
import os
import pathlib
import re
import resource
import signal
import sys
import tempfile

from harness import settings

HAPROXY = pathlib.Path("/usr/sbin/haproxy")


def argument_parser(name, description, document):
    """With what every benchmark understands; `document` is what --write writes."""
    parser = argparse.ArgumentParser(prog=f"./dev bench {name}", description=description)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="every round's figures, to be read by a program")
    parser.add_argument("--write", action="store_true",
                        help=f"write {document.relative_to(settings.REPOSITORY)}")
    return parser


def say(text):
    """Progress; the results alone go to standard output."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def temporary_folder():
    with tempfile.TemporaryDirectory(prefix="novip-bench-") as name:
        os.chmod(name, 0o755)       # PostgreSQL runs as another user
        yield pathlib.Path(name)


def run_to_the_end(run, options):
    """Calls `run(options)` and returns the exit code. Whatever signal asks us to end, all that was
    started is ended first."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if not settings.BINARY.exists():
        sys.exit(f"no {settings.BINARY}: build it first (./dev build)")
    try:
        run(options)
    except KeyboardInterrupt:
        return 130
    return 0


def found(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise RuntimeError(f"no {pattern!r} in what it says:\n{text}")
    return match[1]
