"""What it costs to ask PostgreSQL for its state all the time."""

import dataclasses
import pathlib
import statistics
import time

from common.machine import processor_time
from harness.wait import wait_for

SECONDS = 10.0
# With this, whoever opens a connection for each check leaves lines in the log.
TALKATIVE = ("log_connections", "log_disconnections")


@dataclasses.dataclass
class Cost:
    node: str
    novip: float        # percent of a core: all of the process, nobody connected
    postgres: float     # percent of a core: the backend that it asks
    log_lines: int


def measure(cluster):
    """Of a cluster with novip's own configuration and no clients: a Cost for each node."""
    for node in cluster.nodes:
        set_talkative(node.postgres, "on")
    backends = [the_asking_backend(node) for node in cluster.nodes]
    before = [sample(node, backend) for node, backend in zip(cluster.nodes, backends)]
    time.sleep(SECONDS)
    after = [sample(node, backend) for node, backend in zip(cluster.nodes, backends)]
    for node in cluster.nodes:
        set_talkative(node.postgres, "off")
    return [Cost(node.name, percent(old, new, "novip"), percent(old, new, "postgres"),
                 new["lines"] - old["lines"])
            for node, old, new in zip(cluster.nodes, before, after)]


def set_talkative(postgres, value):
    with postgres.connect() as session:
        for name in TALKATIVE:
            session.execute(f"ALTER SYSTEM SET {name} = {value}")
        session.execute("SELECT pg_reload_conf()")
    # It is a new session that sees these.
    wait_for(lambda: look(postgres, [f"SHOW {name}" for name in TALKATIVE]) == [value] * 2,
             f"{postgres.name} logs connections: {value}")


def look(postgres, queries):
    """The answers; what the look itself leaves in the log is there when it returns."""
    with postgres.connect() as session:
        place = pathlib.Path(f"/proc/{session.info.backend_pid}")
        answers = [session.execute(query).fetchone()[0] for query in queries]
    wait_for(lambda: not place.exists(), "our own session ends")
    return answers


def sample(node, backend):
    text = node.postgres.log.read_text(errors="replace")
    return {"at": time.monotonic(), "novip": processor_time(node.proxy.pid),
            "postgres": processor_time(backend), "lines": text.count("\n")}


def the_asking_backend(node):
    """The only session of a client, but ours."""
    pid, = look(node.postgres, ["SELECT pid FROM pg_stat_activity WHERE backend_type = "
                                "'client backend' AND pid <> pg_backend_pid()"])
    return pid


def percent(before, after, name):
    return (after[name] - before[name]) / 1e9 / (after["at"] - before["at"]) * 100


def described(costs):
    novip = statistics.mean(cost.novip for cost in costs)
    postgres = statistics.mean(cost.postgres for cost in costs)
    return (f"### Detection\n\nWithout clients, for each node: novip {novip:.2f} % of a core "
            f"(agent, watches of all nodes, everything else), the PostgreSQL backend that it asks "
            f"{postgres:.2f} %.\n"
            f"With log_connections and log_disconnections on, {SECONDS:.0f} s leave "
            f"{sum(cost.log_lines for cost in costs)} lines in the three logs of PostgreSQL.")
