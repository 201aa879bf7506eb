"""What the lab is made of: names, addresses, folders. Nothing here does anything."""

import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
FILES = pathlib.Path(__file__).resolve().parent / "files"
PACKAGES = REPOSITORY / "build" / "package"       # ./dev lab leaves one there

# The base image outlives `down`, and is the same for every copy of the repository.
CACHE = pathlib.Path("/var/cache/novip-lab")
# Everything else that is there while the lab is up: a tmpfs, because an overlay's upper layer
# cannot be on an overlay, and so that taking it down takes all of it.
RUN = pathlib.Path("/run/novip-lab")
DISKS = RUN / "disks"
FENCE_SOCKET = RUN / "fence" / "socket"
# What is kept of a lab that failed.
KEPT_LOGS = REPOSITORY / "build" / "lab" / "logs"

# Names of namespaces and control groups begin with it; `down` finds its own by it.
PREFIX = "novip-lab-"
SWITCH = PREFIX + "switch"

NETWORK = "10.20.30.0/24"
ADDRESSES = {
    "srv1": "10.20.30.51",
    "srv2": "10.20.30.52",
    "srv3": "10.20.30.53",
    "log-sink": "10.20.30.54",
}
NODES = tuple(ADDRESSES)
DATABASES = NODES[:3]         # with PostgreSQL; the fourth only takes logs, and has clients
LOG_SINK = "log-sink"

STATE_PORT = 5431
READ_WRITE_PORT = 5432
READ_ONLY_PORT = 5433
POSTGRES_PORT = 5434
AGENT_PORT = 8008

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": os.environ.get("TERM", "dumb"),
}
