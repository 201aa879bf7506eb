"""The lab's power switch: what a hypervisor's or a power strip's management port is elsewhere. The
fence agent of the nodes (files/fence_lab) asks it, one line a connection:
ping | list | status NODE | off NODE | on NODE | reboot NODE."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import machine
import settings
from progress import LabError, wait_for

LOG = settings.RUN / "fencing.log"
PID_FILE = settings.RUN / "fence_daemon.pid"
LONGEST_REQUEST = 100
PATIENCE = 5.0          # seconds for a client to say what it wants


def start():
    """Starts the daemon as a process of its own."""
    settings.FENCE_SOCKET.parent.mkdir(parents=True)
    with open(LOG, "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-B", str(settings.FILES.parent), "fence-daemon"], cwd="/",
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    PID_FILE.write_text(f"{process.pid} {machine.started(process.pid)}")
    wait_for("the fence daemon", settings.FENCE_SOCKET.exists, 10)


def stop():
    with contextlib.suppress(OSError, ValueError):
        pid, began = (int(number) for number in PID_FILE.read_text().split())
        if machine.started(pid) == began:
            os.kill(pid, signal.SIGTERM)
            wait_for("the end of the fence daemon", lambda: not machine.started(pid), 10)


def serve():
    """Does not return."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(settings.FENCE_SOCKET))
    os.chmod(settings.FENCE_SOCKET, 0o600)
    listener.listen()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=answer_client, args=(client,), daemon=True).start()


def answer_client(client):
    with client, contextlib.suppress(OSError):
        client.settimeout(PATIENCE)
        request = client.makefile().readline(LONGEST_REQUEST).split()
        if not request:
            return
        answer = answer_to(*request[:2])
        if request[0] not in ("ping", "list", "status"):
            print(f"{time.time():.3f} {' '.join(request)}: {answer}", flush=True)
        client.sendall(f"{answer}\n".encode())


def answer_to(action, node=""):
    if action == "ping":
        return "ok"
    if action == "list":
        return "\n".join(f"{name},{state(name)}" for name in settings.DATABASES)
    if node not in settings.DATABASES:
        return f"no such node: {node}"
    try:
        return ACTIONS[action](node)
    except KeyError:
        return f"no such action: {action}"
    except LabError as error:
        return str(error)


def state(node):
    return "on" if machine.is_up(node) else "off"


def off(node):
    machine.power_off(node)
    return "ok"


def on(node):
    machine.boot(node)
    return "ok"


def reboot(node):
    """Pacemaker wants to know that the node is dead, and goes on as soon as it hears so."""
    machine.power_off(node)
    threading.Thread(target=on, args=(node,)).start()
    return "ok"


ACTIONS = {"status": state, "off": off, "on": on, "reboot": reboot}


def history():
    """What was fenced, newest last: [(seconds since 1970, what)]."""
    try:
        lines = LOG.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        when, _, what = line.partition(" ")
        with contextlib.suppress(ValueError):
            found.append((float(when), what))
    return found
