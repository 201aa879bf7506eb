"""A cluster on one machine: three nodes, each with PostgreSQL and a proxy.

A node is a loopback address, so that port numbers are the same everywhere as on real nodes.
"""

import contextlib
import dataclasses
import pathlib
import signal
import sys

import psycopg

from harness import settings
from harness.configurations import LEASE, deck
from harness.ports import free_ports
from harness.postgres import Postgres, make_template
from harness.process import Process
from harness.proxy import Proxy
from harness.wait import wait_for

ADDRESSES = {"srv1": "127.0.0.11", "srv2": "127.0.0.12", "srv3": "127.0.0.13"}


@dataclasses.dataclass(frozen=True)
class Ports:
    """Port numbers, the same on every node."""
    prod: int
    stdby: int
    state: int
    postgres: int
    stats: int
    api: int
    rest: int

    @staticmethod
    def find():
        return Ports(*free_ports(len(dataclasses.fields(Ports)), *ADDRESSES.values()))


# The ports of the original architecture and Patroni's, for where they are free.
USUAL_PORTS = Ports(prod=5432, stdby=5433, state=5431, postgres=5434, stats=7000, api=9999,
                    rest=8008)


def fill_in(text, addresses, ports, **fields):
    """A configuration's `text` with the cluster in it; `fields`: the proxy's own, ports too where
    they are not the nodes'."""
    places = {name: f"{address}:{ports.postgres}" for name, address in addresses.items()}
    servers = "\n".join(f"    server         {name} {place} check"
                        for name, place in places.items())
    nodes = "\n".join(f"    node {name} {place}" for name, place in places.items())
    return text.format(**{**dataclasses.asdict(ports), "servers": servers, "nodes": nodes,
                          "lease": LEASE, **fields})


class Node:
    """PostgreSQL and, unless `configuration` is None, a proxy in front of the whole cluster."""

    def __init__(self, name, folder, ports, configuration, addresses=ADDRESSES, network=None):
        self.name, self.address, self.ports = name, addresses[name], ports
        self.addresses, self._network = addresses, network
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.postgres = Postgres(name, self.address, ports.postgres, self.folder / "postgres",
                                 self._upstream(configuration), network)
        self.conninfo = (f"host={self.postgres.sockets} port={ports.postgres} dbname=production "
                         f"user=postgres")
        self.configuration = configuration
        self.proxy = configuration and Proxy(name, self._fill_in(configuration.text), self.folder,
                                             configuration.binary)
        self._state = None

    def _upstream(self, configuration):
        """Where PostgreSQL looks for a primary: its own node's proxy, as in the deck."""
        if configuration:
            return f"host={self.address} port={self.ports.prod}"
        others = ",".join(address for address in self.addresses.values() if address != self.address)
        return (f"host={others} port={self.ports.postgres} target_session_attrs=read-write "
                f"connect_timeout=2")

    def _fill_in(self, text):
        return fill_in(text, self.addresses, self.ports, address=self.address,
                       folder=self.folder, conninfo=self.conninfo)

    def start_proxy(self):
        """The proxy and, with it, this node's state service; unless they run."""
        if self.proxy is None or self.proxy.running:
            return
        if not self.configuration.has_state_inside:
            program = pathlib.Path(__file__).with_name("state_service.py")
            self._state = Process("state", [sys.executable, program, self.address,
                                            self.ports.state, self.conninfo],
                                  self.folder / "state.log")
        self.proxy.start(network=self._network)

    def stop_proxy(self, number=signal.SIGTERM):
        if self._state:
            self._state.stop()
            self._state = None
        if self.proxy:
            self.proxy.stop(number)

    def connect(self, port, **options):
        """A client of this node's proxy; `port` is "prod" or "stdby"."""
        return psycopg.connect(self.conninfo_of(port), autocommit=True, **options)

    def reaches(self, port, standby):
        with self.connect(port) as session:
            return session.execute("SELECT pg_is_in_recovery()").fetchone()[0] == standby

    def routes(self, expected):
        """Whether its proxy found just the `expected` servers up: {"prod": {"srv1"}, …}."""
        checks = [row["check_status"] for row in self.proxy.api.stat().values()
                  if row["svname"] in ADDRESSES]
        return (all(check.startswith("L") for check in checks)
                and all(self.proxy.api.up(pool) == expected[pool] for pool in expected))

    def conninfo_of(self, port):
        return (f"host={self.address} port={getattr(self.ports, port)} dbname=app user=app "
                f"connect_timeout={5 * settings.PATIENCE}")


class Cluster:
    def __init__(self, folder, ports=None, configuration=deck(), network=None):
        """`configuration`: of every node's proxy (harness.configurations); None: no proxies, and
        the standbys find the primary by a list of hosts. `network`: a harness.network.Network."""
        self.folder = pathlib.Path(folder)
        self.ports = ports or (USUAL_PORTS if network else Ports.find())
        self.template = make_template(self.folder / "template", ADDRESSES)
        self.nodes = [Node(name, self.folder, self.ports, configuration,
                           *((network.addresses, network.namespace(name)) if network else ()))
                      for name in ADDRESSES]

    def __getitem__(self, name):
        return next(node for node in self.nodes if node.name == name)

    def start(self):
        """srv1 becomes the primary; returns when every proxy knows and both standbys stream."""
        first, *others = self.nodes
        for node in self.nodes:
            node.postgres.create(self.template)
        for node in others:
            node.postgres.make_standby()
        for node in self.nodes:
            node.postgres.start()
        for node in self.nodes:
            node.start_proxy()
        self.wait_settled()

    def stop(self):
        """Ends everything; the first thing that ended badly is raised at the end."""
        failures = []
        for node in self.nodes:
            try:
                node.stop_proxy()
            except AssertionError as failure:
                failures.append(failure)
        for node in self.nodes:
            node.postgres.stop("immediate")
        if failures:
            raise failures[0]

    def restore(self):
        """Back to the first topology, however a test left the cluster."""
        for node in self.nodes:
            node.postgres.resume()
            node.start_proxy()
        if not (all(node.postgres.running for node in self.nodes)
                and [node.postgres.is_standby() for node in self.nodes] == [False, True, True]):
            self.start()
        else:
            self.wait_settled()

    @contextlib.contextmanager
    def in_order(self):
        """For one test: settled before it, and no proxy has complained after it."""
        self.restore()
        yield
        for node in self.nodes:
            node.proxy.check()

    @property
    def primary(self):
        """The one node whose PostgreSQL runs and is not a standby; None when there is none."""
        primaries = [node for node in self.nodes
                     if node.postgres.running and not node.postgres.is_standby()]
        assert len(primaries) < 2, f"two primaries: {[node.name for node in primaries]}"
        return primaries[0] if primaries else None

    @property
    def standbys(self):
        return [node for node in self.nodes if node is not self.primary]

    def wait_settled(self, seconds=20):
        """Every proxy routes to the present primary and standbys, and both standbys stream."""
        primary = self.primary
        expected = {"prod": {primary.name},
                    "stdby": {node.name for node in self.nodes} - {primary.name}}
        for node in self.nodes:
            if node.proxy is None:
                continue
            wait_for(lambda: node.routes(expected), f"{node.name} routes to {primary.name}",
                     seconds)
            # A moment later each of the proxy's threads follows.
            wait_for(lambda: node.reaches("prod", standby=False), f"{node.name} serves prod")
            wait_for(lambda: node.reaches("stdby", standby=True), f"{node.name} serves stdby")
        wait_for(lambda: len(primary.postgres.followers()) == len(self.nodes) - 1,
                 f"both standbys follow {primary.name}", seconds)

    def switchover(self, to, say=lambda step: None):
        """As PAF does it; returns the old primary. `to` is a node; `say` is told each step.

        The old primary must have sent its shutdown checkpoint to the new one, or it could not
        follow it. When that was lost (a proxy cut the replication session at that very moment),
        PAF starts the old primary again and gives up; this tries once more.
        """
        old = self.primary
        for _ in range(3):
            wait_for(lambda: to.name in old.postgres.followers(), f"{to.name} streams", 20)
            say(f"stop PostgreSQL on {old.name} (pg_ctl stop -m fast)")
            old.postgres.stop("fast")
            if to.postgres.has_received(old.postgres.last_checkpoint()):
                break
            say(f"{to.name} lacks the last WAL of {old.name}: give up, start {old.name} again")
            old.postgres.start()
        else:
            raise AssertionError("switchover cancelled three times: the shutdown checkpoint of "
                                 f"{old.name} did not reach {to.name}")
        say("start it again as a standby (standby.signal)")
        old.postgres.make_standby()
        old.postgres.start()
        say(f"promote {to.name} (SELECT pg_promote())")
        to.postgres.promote()
        return old

    def most_advanced(self, nodes):
        """Of these standbys the one to promote when the primary is lost."""
        return max(nodes, key=lambda node: node.postgres.received())

    def rejoin(self, node, primary):
        """`node`, which is down, becomes a standby by a new base backup: after a crash its own WAL
        may hold what the new primary's does not."""
        node.postgres.clone(primary.postgres)
        node.postgres.make_standby()
        node.postgres.start()


@contextlib.contextmanager
def running_cluster(folder, configuration, network=None):
    folder.mkdir()
    cluster = Cluster(folder, configuration=configuration, network=network)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
