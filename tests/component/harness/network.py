"""A network of namespaces: each node has its own addresses, and can be cut off. Needs root."""

import contextlib
import ctypes
import ipaddress
import os
import pathlib
import subprocess

from harness import settings
from harness.cluster import ADDRESSES

CLONE_NEWNET = 0x40000000
OWN_NAMESPACE = pathlib.Path("/proc/thread-self/ns/net")
# Set aside for tests of networks (RFC 2544): no route of this machine is in the way.
PREFIX = "198.18"


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Network:
    """A bridge in our own namespace, and a namespace on it for each node."""

    def __init__(self):
        # Of this run: several may go on at the same time, one of the workers of pytest among them.
        number = os.getpid() % 65000
        number += (settings.WORKER - number) % settings.WORKERS
        subnet = f"{PREFIX}.{number % 250}"
        self.addresses = {name: f"{subnet}.{11 + index}" for index, name in enumerate(ADDRESSES)}
        # As PostgreSQL writes them, which leaves a number of 0 out.
        self.addresses6 = {name: str(ipaddress.ip_address(f"fd98:18::{number % 250:x}:{11 + index}"))
                           for index, name in enumerate(ADDRESSES)}
        self._gateway6 = f"fd98:18::{number % 250:x}:1/112"
        self.gateway = f"{subnet}.1"        # ours
        self._bridge = f"nv{number}"
        self._spaces = {name: f"{self._bridge}-{name}" for name in ADDRESSES}

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self):
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("address", "add", f"{self.gateway}/24", "dev", self._bridge)
        _ip("address", "add", self._gateway6, "dev", self._bridge, "nodad")
        _ip("link", "set", self._bridge, "up")
        for name, space in self._spaces.items():
            _ip("netns", "add", space)
            _ip("link", "add", space, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", space, "master", self._bridge, "up")
            _ip("-n", space, "link", "set", "lo", "up")
            _ip("-n", space, "address", "add", f"{self.addresses[name]}/24", "dev", "eth0")
            _ip("-n", space, "address", "add", f"{self.addresses6[name]}/112", "dev", "eth0",
                "nodad")
            _ip("-n", space, "link", "set", "eth0", "up")

    def __exit__(self, *_):
        # The links by name: with its namespace a link goes too, but only some time later.
        ends = [words for space in self._spaces.values()
                for words in (("link", "delete", space), ("netns", "delete", space))]
        for words in (*ends, ("link", "delete", self._bridge)):
            with contextlib.suppress(subprocess.CalledProcessError):    # as far as it was built
                _ip(*words)

    def cut_off(self, name):
        _ip("link", "set", self._spaces[name], "down")

    def connect_again(self, name):
        _ip("link", "set", self._spaces[name], "up")

    def run(self, name, *words):
        """A command in a node's network; its output."""
        return subprocess.run(["nsenter", f"--net={self.namespace(name)}", "--", *words],
                              check=True, capture_output=True, text=True).stdout

    def set(self, name, setting, value):
        """A setting of a node's network: "ipv4/ip_forward"."""
        self.run(name, "sh", "-c", f"echo {value} > /proc/sys/net/{setting}")

    def let_all_forward(self):
        """Every node's kernel may lead others' packets on."""
        for name in self._spaces:
            self.set(name, "ipv4/ip_forward", 1)
            self.set(name, "ipv6/conf/all/forwarding", 1)
            self.set(name, "ipv4/conf/all/rp_filter", 1)

    def namespace(self, name):
        """The file that stands for a node's network."""
        return pathlib.Path("/run/netns", self._spaces[name])

    @contextlib.contextmanager
    def inside(self, name):
        """Sockets that this thread makes meanwhile are the node's."""
        with OWN_NAMESPACE.open("rb") as home, self.namespace(name).open("rb") as away:
            _enter(away)
            try:
                yield
            finally:
                _enter(home)


def _enter(file):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
