"""What is compared: each brings a cluster of its own, and the way its clients connect."""

import dataclasses

from common.program import HAPROXY
from harness import configurations
from harness.cluster import ADDRESSES, Cluster

# Longer than any outage here: a client that is held waits, one that is refused tries again.
PATIENT = 60
# libpq's host list must give up a host that does not answer; 2 s is the least libpq takes.
IMPATIENT = 2


@dataclasses.dataclass(frozen=True)
class Setup:
    name: str
    what: str           # for the reader of the report
    configuration: configurations.Configuration | None

    def cluster(self, folder):
        return Cluster(folder, configuration=self.configuration)

    def conninfos(self, cluster, port):
        """Connection strings of the clients of `port` ("prod" or "stdby"), to be used in turn."""
        if self.configuration is None:
            return [self._host_list(cluster, port, first) for first in range(len(ADDRESSES))]
        return [f"host={node.address} port={getattr(node.ports, port)} dbname=app user=app "
                f"connect_timeout={PATIENT}" for node in cluster.nodes]

    @staticmethod
    def _host_list(cluster, port, first):
        addresses = list(ADDRESSES.values())
        hosts = ",".join(addresses[first:] + addresses[:first])
        wanted = {"prod": "primary", "stdby": "standby"}[port]
        return (f"host={hosts} port={cluster.ports.postgres} dbname=app user=app "
                f"target_session_attrs={wanted} connect_timeout={IMPATIENT}")


def all_setups():
    return [
        Setup("haproxy", "HAProxy with the deck's configuration (state service: Python, resident)",
              configurations.deck(HAPROXY)),
        Setup("novip-deck", "novip with the deck's configuration", configurations.deck()),
        Setup("novip", "novip with its own configuration", configurations.native()),
        Setup("libpq", "no proxy: libpq's host list with target_session_attrs", None),
    ]
