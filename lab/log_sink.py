"""The logs: each node sends all of them to log-sink, which keeps them by host and program."""

import datetime
import os
import shutil

import machine
import settings
from machine import put_file
from progress import LabError

FOLDER = "/var/log"


def configure(node):
    """Before the node boots."""
    if node == settings.LOG_SINK:
        put_file(node, "/etc/rsyslog.d/10-receive.conf", "rsyslog-receive.conf")
    else:
        put_file(node, "/etc/rsyslog.d/20-forward.conf", "rsyslog-forward.conf")


def folder(node):
    """Where log-sink keeps what the node sent."""
    return machine.disk(settings.LOG_SINK) / FOLDER.lstrip("/") / node


def follow(names):
    """Shows the logs of the nodes or programs named (all: no name) as they come; does not return.
    """
    files = sorted(path for node in settings.NODES for path in folder(node).glob("*.log")
                   if wanted(path, names))
    if not files:
        raise LabError("log-sink has no such log; it has " + ", ".join(known()))
    os.execvp("tail", ["tail", "-n", "15", "-F", *map(str, files)])


def wanted(path, names):
    """Without names each node's messages, with everything; a node's name means the same for it
    alone; any other one is a program."""
    node, program = path.parent.name, path.stem
    if program == "messages":
        return not names or node in names
    return program in names


def known():
    found = {path.stem for node in settings.NODES for path in folder(node).glob("*.log")}
    return sorted({*settings.NODES, *found} - {"messages"})


def last_time(node, program, text):
    """When the program last said so, in seconds since 1970; None: never."""
    try:
        lines = (folder(node) / f"{program}.log").read_text(errors="replace").splitlines()
    except OSError:
        return None
    times = [line.split()[0] for line in lines if text in line]
    return datetime.datetime.fromisoformat(times[-1]).timestamp() if times else None


def keep():
    """Copies what a lab that failed can tell; returns the folder."""
    shutil.rmtree(settings.KEPT_LOGS, ignore_errors=True)
    settings.KEPT_LOGS.mkdir(parents=True)
    for path in [*settings.RUN.glob("*.console"), *settings.RUN.glob("*.log"),
                 *settings.RUN.glob("clients/*")]:
        shutil.copy(path, settings.KEPT_LOGS)
    for node in settings.NODES:
        if folder(node).is_dir():
            shutil.copytree(folder(node), settings.KEPT_LOGS / node)
    return settings.KEPT_LOGS
