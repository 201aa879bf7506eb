"""What the environment chooses: which proxy runs, how large and how patient the tests are.

NOVIP_BINARY      the proxy: build/novip by default; with /usr/sbin/haproxy the same tests run on
                  HAProxy, which shows that they are right
NOVIP_TEST_SCALE  below 1 for slow builds (sanitizers): 0.1 moves a tenth of the data with a tenth
                  of the clients, and waits three times as long (as tests do on a machine that is
                  slow to fork)
"""

import os
import pathlib
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("NOVIP_BINARY", REPOSITORY / "build" / "novip")).absolute()
IS_HAPROXY = BINARY.name.startswith("haproxy")

SCALE = float(os.environ.get("NOVIP_TEST_SCALE", "1"))


def milliseconds_of_a_fork():
    """The best of a few, since others use the machine too."""
    def once():
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return time.monotonic() - began
    return min(once() for _ in range(20)) * 1000


# A virtual machine may take ten times as long as others to fork, which PostgreSQL does for each
# session: then a thousand at once leave nobody else a turn within the second that checks have.
SLOW_TO_FORK = milliseconds_of_a_fork() > 1.5
PATIENCE = 3 if SCALE < 1 or SLOW_TO_FORK else 1

# Which of how many runs of pytest this is (xdist), from 0.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

# PostgreSQL refuses to run as root; as anybody else it runs as oneself.
POSTGRES_USER = "postgres" if os.geteuid() == 0 else None


def scaled(amount):
    return max(1, int(amount * SCALE))


def sessions_at_once(count):
    """So many of PostgreSQL's as this machine and build are asked for."""
    return scaled(count / 5 if SLOW_TO_FORK else count)


def postgres_program(name):
    """A server program of the newest PostgreSQL that Debian installed."""
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                      key=lambda folder: float(folder.parent.name))
    if not versions:
        raise FileNotFoundError("no PostgreSQL server in /usr/lib/postgresql: "
                                "install Debian's package postgresql")
    return versions[-1] / name
