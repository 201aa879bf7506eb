"""The lab's network: a bridge in a namespace of its own, and a namespace for each node with one
end of a veth in it. This machine's own network is not touched, and cannot be reached from there.
"""

import contextlib
import pathlib

import settings
from commands import run, succeeds
from progress import LabError

NAMESPACES = pathlib.Path("/run/netns")


def namespace(node):
    return settings.PREFIX + node


def link(node):
    """The end of the node's cable that is in the switch."""
    return f"v-{node}"


def make():
    run("ip", "netns", "add", settings.SWITCH)
    in_switch("link", "set", "lo", "up")
    in_switch("link", "add", "bridge", "type", "bridge")
    in_switch("link", "set", "bridge", "up")
    length = settings.NETWORK.partition("/")[2]
    for node, address in settings.ADDRESSES.items():
        run("ip", "netns", "add", namespace(node))
        in_switch("link", "add", link(node), "type", "veth",
                  "peer", "name", "eth0", "netns", namespace(node))
        in_switch("link", "set", link(node), "master", "bridge", "up")
        in_node(node, "link", "set", "lo", "up")
        in_node(node, "address", "add", f"{address}/{length}", "dev", "eth0")
        in_node(node, "link", "set", "eth0", "up")


def in_switch(*words):
    return run("ip", "-n", settings.SWITCH, *words)


def in_node(node, *words):
    return run("ip", "-n", namespace(node), *words)


def plug(node):
    in_switch("link", "set", link(node), "up")


def unplug(node):
    """Neither the node nor its neighbours are told: from now on there is silence."""
    in_switch("link", "set", link(node), "down")


def is_plugged(node):
    try:
        return "state UP" in in_switch("link", "show", link(node))
    except LabError:
        return False


def remove():
    for path in NAMESPACES.glob(settings.PREFIX + "*"):
        run("ip", "netns", "delete", path.name)
    # `ip netns add` made the folder a mount: when nobody else uses it, it goes too.
    if NAMESPACES.is_dir() and not any(NAMESPACES.iterdir()):
        while succeeds("mountpoint", "-q", NAMESPACES):
            if not succeeds("umount", NAMESPACES):
                return
        with contextlib.suppress(OSError):
            NAMESPACES.rmdir()
