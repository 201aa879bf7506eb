"""A proxy of its own with one role pool, and what its clients find behind it."""

import psycopg

from harness import settings
from harness.configurations import cluster_section
from harness.ports import free_port
from harness.wait import wait_for

PRIMARY = "cluster pg role primary"     # as a line of a Pool


def held(proxy):
    """How many clients wait, as the runtime API shows them."""
    return proxy.api("show sess").count("held")


class Pool:
    """`lines`: of the listen section; `watch`: what follows that word in section cluster; `bind`,
    `node`: options of those lines."""

    def __init__(self, start_proxy, cluster, *lines, watch=None, address="127.0.0.1", bind="",
                 node=""):
        self.cluster, self.address, self.port = cluster, address, free_port(address)
        body = "".join(f"    {line}\n" for line in (f"bind {address}:{self.port} {bind}", *lines))
        self.proxy = start_proxy(f"{cluster_section(cluster, watch, node)}listen pool\n{body}")
        self._names = {node.address: node.name for node in cluster.nodes}

    def connect(self, **options):
        return psycopg.connect(**{"host": self.address, "port": self.port, "dbname": "app",
                                  "user": "app", "connect_timeout": 10 * settings.PATIENCE,
                                  **options}, autocommit=True)

    def name_of(self, session):
        """The node that a session is on."""
        return self._names[session.execute("SELECT host(inet_server_addr())").fetchone()[0]]

    def reached(self, **options):
        """The node that a new client gets."""
        with self.connect(**options) as session:
            return self.name_of(session)

    def reached_by(self, clients):
        return {self.reached() for _ in range(clients)}

    def wait_reached(self, *names, seconds=10):
        """Until the pool's servers are these, and new clients find each of them and no other."""
        wait_for(lambda: self.proxy.api.up("pool") == set(names), f"the pool is {names}", seconds)
        wait_for(lambda: self.reached_by(4 * len(names)) == set(names), f"clients reach {names}",
                 seconds)
