"""What is compared: ways to the primary of one and the same cluster, so that only the way differs.

Each proxy is a process of its own beside the nodes', which do nothing meanwhile but say in which
state their PostgreSQL is."""

import dataclasses
import pathlib

from common.program import HAPROXY
from harness import settings
from harness.cluster import ADDRESSES, fill_in
from harness.configurations import DECK_TEXT, NATIVE_TEXT
from harness.ports import free_ports
from harness.proxy import Proxy
from harness.wait import wait_for

ADDRESS = "127.0.0.1"
UNVERIFIED_TEXT = NATIVE_TEXT.replace("{nodes}", "{nodes}\n    verify startup")


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    what: str                   # for the reader of the report
    text: str | None = None     # of its configuration; None: no proxy
    binary: pathlib.Path = settings.BINARY


DIRECT = Contender("direct", "no proxy: the primary's own port")
DECK_ON_HAPROXY = Contender("haproxy", "HAProxy with the deck's configuration", DECK_TEXT, HAPROXY)
DECK = Contender("novip-deck", "novip with the deck's configuration", DECK_TEXT)
NATIVE = Contender("novip", "novip with its own configuration: each session is verified by asking "
                   "the node again, its start is inspected, and it could be held", NATIVE_TEXT)
NATIVE_UNVERIFIED = Contender("novip-unverified", "the same with `verify startup`: no node is "
                              "asked again", UNVERIFIED_TEXT)
CONTENDERS = (DIRECT, DECK_ON_HAPROXY, DECK, NATIVE, NATIVE_UNVERIFIED)


class Way:
    """A contender at work: where its clients connect, and the processes that cost."""

    def __init__(self, contender, cluster, folder):
        self.name = contender.name
        self._primary = cluster.primary
        self.address, self.port = self._primary.address, cluster.ports.postgres
        self._proxy = None
        if contender.text:
            self.address = ADDRESS
            self.port, stdby = free_ports(2, ADDRESS)
            text = fill_in(contender.text, ADDRESSES, cluster.ports, address=ADDRESS,
                           prod=self.port, stdby=stdby)
            self._proxy = Proxy(contender.name, text, folder, contender.binary)

    def start(self):
        """Returns when its clients reach the primary, and would find both standbys."""
        if not self._proxy:
            return
        self._proxy.start()
        names = {"prod": {self._primary.name}, "stdby": set(ADDRESSES) - {self._primary.name}}
        wait_for(lambda: all(self._proxy.api.up(name) == names[name] for name in names),
                 f"{self.name} routes to {self._primary.name}", 20)

    def stop(self):
        if self._proxy:
            self._proxy.stop()

    @property
    def pid(self):
        """Of its proxy; None: there is none."""
        return self._proxy and self._proxy.pid
