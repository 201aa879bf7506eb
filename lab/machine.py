"""A node as a machine: its disk, power, and a way in. Each is a systemd-nspawn container with
systemd as PID 1, on an overlay of the base image."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import base_image
import control_groups
import network
import settings
from commands import run, succeeds
from progress import LabError, tail, wait_for

# Nothing here needs them, and each costs time at every boot.
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "systemd-networkd.service", "systemd-resolved.service",
    "systemd-timesyncd.service", "console-getty.service", "getty@.service", "pcsd.service",
    "pcsd-ruby.service", "logd.service",
)


def disk(node):
    """The node's root as it sees it."""
    return settings.DISKS / node / "root"


def console(node):
    return settings.RUN / f"{node}.console"


def insert_disk(node):
    """A fresh disk: the base image below, what the node writes above it in memory."""
    upper, work = (settings.DISKS / node / name for name in ("upper", "work"))
    for folder in (upper, work, disk(node)):
        folder.mkdir(parents=True)
    run("mount", "-t", "overlay", settings.PREFIX + node, disk(node),
        "-o", f"lowerdir={base_image.root()},upperdir={upper},workdir={work}")
    etc = disk(node) / "etc"
    (etc / "hostname").write_text(node + "\n")
    (etc / "machine-id").write_text(f"{settings.NODES.index(node) + 1:032x}\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(
        f"{address} {name}\n" for name, address in settings.ADDRESSES.items()))
    (etc / "resolv.conf").unlink(missing_ok=True)
    (etc / "resolv.conf").write_text("")
    for unit in MASKED:
        mask(node, unit)


def put(node, path, content, mode=0o644):
    """A file on the node's disk."""
    target = disk(node) / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    target.chmod(mode)


def put_file(node, path, name, mode=0o644):
    """A file of lab/files."""
    put(node, path, (settings.FILES / name).read_bytes(), mode)


def mask(node, unit):
    link = disk(node) / "etc/systemd/system" / unit
    link.unlink(missing_ok=True)
    link.symlink_to("/dev/null")


def not_at_boot(node, *units):
    for folder in (disk(node) / "etc/systemd/system").glob("*.wants"):
        for unit in units:
            (folder / unit).unlink(missing_ok=True)


def boot(node):
    """Starts the node and waits for its PID 1; `wait_for_boot()` waits for the rest."""
    if is_up(node):
        return
    if not is_cut(node):
        network.plug(node)
    control_groups.end_all(node)
    with open(console(node), "a") as output:
        process = subprocess.Popen(
            control_groups.entering(node, container(node)), cwd="/",
            env={**settings.ENVIRONMENT, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    init = wait_for(f"{node} to boot", lambda: init_below(process), 15, interval=0.05)
    state_file(node).write_text(json.dumps({"pid": init, "started": started(init)}))


def container(node):
    return ["systemd-nspawn", "--quiet", "--boot", "--directory", disk(node), "--machine", node,
            # Not as a unit of this machine's systemd, if it has one at all.
            "--register=no", "--keep-unit",
            "--network-namespace-path", network.NAMESPACES / network.namespace(node),
            "--capability=all", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
            # A socket is reached through the file system: fencing works without the network.
            "--bind", f"{settings.FENCE_SOCKET.parent}:/fence", "--console=read-only"]


def init_below(process):
    """The node's PID 1: the child of systemd-nspawn that has number 1 in a namespace of its own."""
    if process.poll() is not None:
        raise LabError(f"systemd-nspawn ended with exit code {process.returncode}")
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    for child in pathlib.Path(children).read_text().split():
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{child}/status").read_text()
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
            if numbers.split()[-1] == "1" and status.startswith("Name:\tsystemd\n"):
                return int(child)
    return None


def wait_for_boot(node):
    def booted():
        result = enter(node, "systemctl", "is-system-running")
        return result.stdout.strip() in ("running", "degraded")
    try:
        wait_for(f"systemd in {node}", booted, 30)
    except LabError as error:
        raise LabError(f"{error}; its console says:\n{tail(console(node))}") from None


def state_file(node):
    return settings.RUN / f"{node}.json"


def started(pid):
    """When the process began, in ticks: tells it from a later one of the same number. None where
    there is no such process, or only its corpse."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def init(node):
    """Id of the node's PID 1, or None when the node is down."""
    try:
        state = json.loads(state_file(node).read_text())
    except (OSError, ValueError):
        return None
    return state["pid"] if started(state["pid"]) == state["started"] else None


def is_up(node):
    return init(node) is not None


def kill_init(node):
    """All processes of the node die at once. Its kernel is ours, and lives: it closes the
    connections of the dead, and the other ends are told."""
    if pid := init(node):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_for(f"{node} to be dead", lambda: not is_up(node), 10, interval=0.01)


def power_off(node):
    """As when the power is cut: nothing leaves the node any more, then it is dead."""
    network.unplug(node)
    kill_init(node)


def cut_marker(node):
    return settings.RUN / f"{node}.cut"


def is_cut(node):
    return cut_marker(node).exists()


def cut(node):
    """Pulls the node's cable. A new boot does not put it back in."""
    cut_marker(node).touch()
    network.unplug(node)


def heal(node):
    cut_marker(node).unlink(missing_ok=True)
    network.plug(node)


def remove_disk(node):
    while succeeds("mountpoint", "-q", disk(node)):
        run("umount", disk(node))


def way_in(node):
    """The beginning of a command line that enters the node."""
    pid = init(node)
    if pid is None:
        raise LabError(f"{node} is down")
    variables = [f"{name}={value}" for name, value in settings.ENVIRONMENT.items()]
    return ["nsenter", "-t", str(pid), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--",
            "env", "-i", *variables]


def enter(node, *command, input=None, timeout=None):
    """Runs a command in the node; returns the CompletedProcess, whatever its exit code is."""
    words = [*way_in(node), *(str(word) for word in command)]
    return subprocess.run(words, text=True, capture_output=True, timeout=timeout,
                          **({"stdin": subprocess.DEVNULL} if input is None else {"input": input}))


def run_in(node, *command, input=None):
    """Runs a command in the node and returns what it said; its failure is a LabError."""
    result = enter(node, *command, input=input)
    if result.returncode != 0:
        said = (result.stderr.strip() or result.stdout.strip())[-2000:]
        raise LabError(f"{node}: {' '.join(str(word) for word in command)[:300]}: "
                       f"exit code {result.returncode}\n{said}")
    return result.stdout


def everywhere(work, nodes=settings.NODES):
    """`work(node)` for each node at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(work, nodes))
