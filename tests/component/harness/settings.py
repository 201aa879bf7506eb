"""What the environment chooses: which proxy runs, how large and how patient the tests are.

NOVIP_BINARY      the proxy: build/novip by default; with /usr/sbin/haproxy the same tests run on
                  HAProxy, which shows that they are right
NOVIP_TEST_SCALE  below 1 for slow builds (sanitizers): 0.1 moves a tenth of the data with a tenth
                  of the clients, and waits three times as long
"""

import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("NOVIP_BINARY", REPOSITORY / "build" / "novip")).absolute()
IS_HAPROXY = BINARY.name.startswith("haproxy")

SCALE = float(os.environ.get("NOVIP_TEST_SCALE", "1"))
PATIENCE = 1 if SCALE >= 1 else 3

# Which of how many runs of pytest this is (xdist), from 0.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

# PostgreSQL refuses to run as root; as anybody else it runs as oneself.
POSTGRES_USER = "postgres" if os.geteuid() == 0 else None


def scaled(amount):
    return max(1, int(amount * SCALE))


def postgres_program(name):
    """A server program of the newest PostgreSQL that Debian installed."""
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                      key=lambda folder: float(folder.parent.name))
    if not versions:
        raise FileNotFoundError("no PostgreSQL server in /usr/lib/postgresql: "
                                "install Debian's package postgresql")
    return versions[-1] / name
