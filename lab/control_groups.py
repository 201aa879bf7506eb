"""A control group for each node. systemd in a node takes the group it is started in as its root,
so it must have one to itself."""

import contextlib
import os
import pathlib
import signal
import time

import settings

ROOT = pathlib.Path("/sys/fs/cgroup")


def hierarchies():
    """One where control groups are version 2 alone; systemd's and the unified one in a mixture."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [ROOT / "systemd", ROOT / "unified"]


def group(hierarchy, node):
    return hierarchy / (settings.PREFIX + node)


def entering(node, command):
    """A command line that moves itself into the node's groups and becomes `command`."""
    groups = [group(hierarchy, node) for hierarchy in hierarchies()]
    for folder in groups:
        folder.mkdir(exist_ok=True)
    moves = "; ".join(f"echo $$ > {folder}/cgroup.procs" for folder in groups)
    return ["sh", "-ec", f'{moves}; exec "$@"', "sh", *command]


def processes(node):
    """Ids of all processes in the node's groups."""
    found = set()
    for hierarchy in hierarchies():
        for file in group(hierarchy, node).glob("**/cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in file.read_text().split())
    return found


def end_all(node):
    """Kills whatever is left in the node's groups and removes the groups."""
    end = time.monotonic() + 10
    while (left := processes(node)) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    remove(node)


def remove(node):
    for hierarchy in hierarchies():
        folders = [group(hierarchy, node), *group(hierarchy, node).glob("**/")]
        for folder in sorted(set(folders), reverse=True):
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir()


def left():
    """Groups of the lab that are there."""
    return [path for hierarchy in hierarchies() for path in hierarchy.glob(settings.PREFIX + "*")]
