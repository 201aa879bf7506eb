"""Patroni with etcd, as Debian has them: the other manager. cluster.py says what one is asked."""

import collections
import json

import machine
import postgres
import settings
from cluster import View
from machine import enter, everywhere, put, run_in
from progress import LabError, say, wait_for

CONFIGURATION = "/etc/patroni/config.yml"
REST_PORT = 8008
FENCES = False


def configure(nodes):
    """Before the nodes boot."""
    members = ",".join(f"{node}=http://{settings.ADDRESSES[node]}:2380" for node in nodes)
    for node in nodes:
        for name, path in (("patroni.yml", CONFIGURATION), ("etcd.env", "/etc/default/etcd")):
            text = (settings.FILES / name).read_text()
            for mark, value in (("@NODE@", node), ("@ADDRESS@", settings.ADDRESSES[node]),
                                ("@MEMBERS@", members)):
                text = text.replace(mark, value)
            put(node, path, text)


def bring_up():
    first = settings.DATABASES[0]
    say("etcd")
    everywhere(lambda node: run_in(node, "systemctl", "enable", "--quiet", "--now", "etcd"),
               settings.DATABASES)
    # Patroni makes the databases itself.
    everywhere(lambda node: run_in(node, "find", postgres.DATA, "-mindepth", "1", "-delete"),
               settings.DATABASES)
    say(f"Patroni: a primary on {first}, copies of it on the others")
    for node in settings.DATABASES:
        run_in(node, "systemctl", "enable", "--quiet", "--now", "patroni")
        if node == first:
            wait_for("a primary", lambda: (view := see(first)) and view.primary, 60)
            postgres.create_roles(first)


def see(node=None):
    if node is None:
        # A node that was cut off keeps its old view: what most say is so.
        views = [view for name in settings.DATABASES if (view := see(name))]
        named = collections.Counter(view.primary for view in views if view.primary)
        return max(views, key=lambda view: named[view.primary], default=None)
    if not machine.is_up(node):
        return None
    try:
        # Patroni answers on the node's address even while its cable is out.
        told = enter(node, "python3", "-c", "import urllib.request as u; print(u.urlopen("
                     f"'http://127.0.0.1:{REST_PORT}/cluster', timeout=2).read().decode())")
        return parse(node, json.loads(told.stdout)) if told.returncode == 0 else None
    except (LabError, ValueError):
        return None


def parse(seen_from, told):
    view = View(seen_from)
    for member in told["members"]:
        node, running = member["name"], member["state"] in ("running", "streaming")
        if running:
            view.online.append(node)
        if running and member["role"] == "leader":
            view.promoted.append(node)
            view.coordinator = node
        elif running:
            view.started.append(node)
        if running and (member["role"] == "leader" or member.get("lag") == 0):
            view.scores[node] = 1
    view.quorum = view.primary is not None
    return view


def move(node):
    leader = see().primary
    run_in(node, "patronictl", "-c", CONFIGURATION, "switchover", "lab", "--force",
           "--master", leader, "--candidate", node)


def clear():
    """Patroni keeps no constraint after a switchover."""


def join(node):
    """etcd and Patroni start at boot; Patroni repairs PostgreSQL itself."""
    run_in(node, "systemctl", "start", "etcd", "patroni")
