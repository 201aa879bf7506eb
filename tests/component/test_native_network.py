"""Nodes with networks of their own: what happens when one is cut off, and who is oneself."""

import itertools
import threading
import time

import psycopg
import pytest

from harness import configurations, settings
from harness.cluster import Cluster
from harness.network import Network
from harness.wait import wait_for
from harness.wire import Wire, startup_packet

pytestmark = [pytest.mark.novip_only, pytest.mark.root_only]

# From the cut to the last write that the isolated side acknowledges, in seconds.
LAST_WRITE = 1.5


@pytest.fixture
def network():
    with Network() as network:
        yield network


@pytest.fixture
def separate(folder, network):
    """The usual cluster, each node in a network of its own."""
    cluster = Cluster(folder, configuration=configurations.native(), network=network)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


class Pauses(threading.Thread):
    """The longest time that this machine let nobody run, as far as a thread of ours can tell."""

    def __init__(self):
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self.longest = 0.0

    def run(self):
        ended = False
        while not ended:
            began = time.monotonic()
            ended = self._ended.wait(0.01)
            self.longest = max(self.longest, time.monotonic() - began - 0.01)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join()


class Writer(threading.Thread):
    """A client on the node itself, which writes through the node's proxy without end."""

    def __init__(self, network, node):
        super().__init__(daemon=True)
        self._network, self._node = network, node
        self._ended = threading.Event()
        self.acknowledged = []      # (row, when)

    def run(self):
        numbers = itertools.count(1)
        while not self._ended.is_set():
            try:
                with self._network.inside(self._node.name):
                    session = psycopg.connect(self._node.conninfo_of("prod"), autocommit=True)
                with session:
                    while not self._ended.is_set():
                        number = next(numbers)
                        session.execute("INSERT INTO rows VALUES (%s)", [number])
                        self.acknowledged.append((number, time.monotonic()))
            except psycopg.Error:
                self._ended.wait(0.02)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join(30)


def test_an_isolated_primary_takes_no_more_writes(network, separate):
    srv1, srv2, srv3 = separate.nodes
    with srv1.connect("prod") as session:
        session.execute("CREATE TABLE rows (number bigint)")
    with Pauses() as pauses, Writer(network, srv1) as writer:
        wait_for(lambda: len(writer.acknowledged) > 50, "the writer writes")
        network.cut_off("srv1")
        cut = time.monotonic()
        wait_for(lambda: not srv1.proxy.api.up("prod"), "srv1 has no primary")
        srv2.postgres.promote()
        wait_for(lambda: srv3.reaches("prod", standby=False), "srv3 serves writers")
        # Still its own primary, and alone.
        assert srv1.postgres.running and not srv1.postgres.is_standby()
        last = max(when for _, when in writer.acknowledged)
        print(f"the last write came {last - cut:.2f} s after the cut")
        assert last - cut <= LAST_WRITE * settings.PATIENCE + pauses.longest
        network.connect_again("srv1")
        wait_for(lambda: srv1.proxy.api.up("prod") == {"srv2"}, "srv1 sends to srv2")
        wait_for(lambda: writer.acknowledged[-1][1] > last, "the writer writes again")


def test_a_node_never_replicates_from_itself(network, separate):
    """Through another node's proxy the same replication session is served."""
    packet = startup_packet(user="srv2", replication="true")
    for name, served in (("srv1", False), ("srv3", True)):
        node = separate[name]
        with network.inside(name):
            client = Wire(node.address, node.ports.prod, seconds=30 if served else 1.5)
        with client:
            client.send(packet)
            if served:
                client.wait_ready()
            else:
                with pytest.raises(TimeoutError):
                    client.message()        # held: the primary is the node itself
