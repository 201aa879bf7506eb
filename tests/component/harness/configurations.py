"""What the proxy of each node is told: the deck's configuration, or novip's own."""

import dataclasses
import pathlib

from harness import settings

# Of the sections `state` and `cluster` below. Slow builds are given longer for everything: a pause
# of theirs must not make nodes unknown.
LEASE = "" if settings.PATIENCE == 1 else f"    lease {settings.PATIENCE}s\n"

# Before a test's own proxies, where the timeouts do not matter.
DEFAULTS = """
defaults
    mode tcp
    timeout connect 5s
    timeout client  1m
    timeout server  1m
"""

# The deck's configuration word for word; only addresses and ports are filled in.
DECK_TEXT = """\
listen prod
    bind           {address}:{prod}
    option         tcp-check
    tcp-check      connect port {state}
    tcp-check      expect string production
    default-server inter 2s fastinter 1s rise 2 fall 1 on-marked-down shutdown-sessions
{servers}

listen stdby
    bind           {address}:{stdby}
    balance        leastconn
    option         tcp-check
    tcp-check      connect port {state}
    tcp-check      expect string standby
    default-server inter 2s fastinter 1s rise 2 fall 1 on-marked-down shutdown-sessions
{servers}
"""

# The state service, where the proxy has one inside.
STATE_TEXT = """
state
{lease}    bind {address}:{state}
    postgres "{conninfo}"
"""

NATIVE_STATE_TEXT = """\
state
{lease}    bind {address}:{state}
    bind {address}:{rest} mode http
    postgres "{conninfo}"

"""

NATIVE_TEXT = """\
cluster pg
    watch agent port {rest}
{lease}{nodes}

listen prod
    bind {address}:{prod}
    cluster pg role primary
    hold 30s

listen stdby
    bind {address}:{stdby}
    balance leastconn
    cluster pg role standby
    hold 30s
"""

# Nodes with networks of their own, whose kernels forward.
KERNEL_TEXT = """\
state
{lease}    bind {address}:{state}
    bind [::]:{rest} mode http
    postgres "{conninfo}"
    guard primary 5442
    guard standby 5443

cluster pg
    watch agent port {rest}
{lease}{nodes}

listen prod
    bind *:{prod}
    cluster pg role primary
    forward kernel port 5442
    hold 30s

listen stdby
    bind *:{stdby}
    cluster pg role standby
    forward kernel port 5443
    hold 30s
"""

OPERATION_TEXT = """
listen stats
    mode http
    bind {address}:{stats}
    stats enable
    stats uri /
    timeout connect 15s
    timeout client  15s
    timeout server  15s

global
    stats socket ipv4@{address}:{api}
    stats socket {folder}/stats
"""


CLUSTER_TEXT = """\
cluster pg
    watch {watch}
{lease}{nodes}

"""


@dataclasses.dataclass(frozen=True)
class Configuration:
    text: str       # with fields in braces, which the node fills in
    binary: pathlib.Path = settings.BINARY

    @property
    def has_state_inside(self):
        """Whether the proxy itself tells the node's state; HAProxy needs a service beside it."""
        return "\nstate\n" in "\n" + self.text

    @property
    def has_rest(self):
        """Whether the state is also told in Patroni's dialect, and pushed."""
        return "{rest}" in self.text


def deck(binary=settings.BINARY):
    is_haproxy = pathlib.Path(binary).name.startswith("haproxy")
    return Configuration(DECK_TEXT + OPERATION_TEXT + ("" if is_haproxy else STATE_TEXT), binary)


def native(binary=settings.BINARY):
    return Configuration(NATIVE_STATE_TEXT + NATIVE_TEXT + OPERATION_TEXT, binary)


def kernel(more=""):
    """`more`: further sections, without fields to fill in."""
    return Configuration(KERNEL_TEXT + more + OPERATION_TEXT)


def cluster_section(cluster, watch=None, options=""):
    """For a proxy of its own in front of `cluster` (harness.cluster.Cluster); `watch`: what follows
    that word, the nodes' agents by default; `options`: of each node."""
    nodes = "\n".join(f"    node {node.name} {node.address}:{node.ports.postgres} {options}"
                      for node in cluster.nodes)
    return CLUSTER_TEXT.format(watch=watch or f"agent port {cluster.ports.rest}", lease=LEASE,
                               nodes=nodes)
