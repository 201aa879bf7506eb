"""The cluster, whoever manages it: what is seen of it, and what all of the lab asks."""

import dataclasses
import importlib

import choices
import postgres
from progress import LabError, wait_for


@dataclasses.dataclass
class View:
    """The cluster as the manager on one node sees it: lists of nodes."""
    seen_from: str
    quorum: bool = False
    coordinator: str | None = None
    online: list = dataclasses.field(default_factory=list)
    standby: list = dataclasses.field(default_factory=list)      # online, and to run nothing
    unclean: list = dataclasses.field(default_factory=list)      # to be fenced
    promoted: list = dataclasses.field(default_factory=list)     # PostgreSQL is a primary there
    started: list = dataclasses.field(default_factory=list)      # PostgreSQL is a standby there
    scores: dict = dataclasses.field(default_factory=dict)       # who would be promoted: greatest

    @property
    def primary(self):
        return self.promoted[0] if len(self.promoted) == 1 else None


def manager(name=None):
    """The module of this lab's manager: pacemaker or patroni."""
    return importlib.import_module(name or choices.made()["manager"])


def see(node=None):
    """What the node's manager sees; without a node, what the first one with quorum sees. None
    where nobody answers."""
    return manager().see(node)


def primary():
    view = see()
    return view.primary if view else None


def wait_for_primary(deadline=60):
    return wait_for("a primary", primary, deadline, interval=0.3)


def wait_until_promotable(nodes, deadline=60):
    """Pacemaker may promote a standby once the primary's monitor has seen it stream (every 15 s):
    a fault before that only shows that nobody can take over."""
    wait_for("promotion scores of " + ", ".join(nodes), lambda: (view := see()) and all(
        view.scores.get(node, -1) > 0 for node in nodes), deadline, interval=0.3)


def wait_until_preferred(node, deadline=60):
    """PAF gives a new primary the greatest score at the first monitor after its promotion (every
    15 s). Until then only the constraint of the switchover keeps Pacemaker from moving it back."""
    wait_for(f"the greatest promotion score for {node}", lambda: (view := see()) and node in
             view.scores and view.scores[node] == max(view.scores.values()), deadline, interval=0.3)


def streams(node):
    """Whether today's primary sends its WAL to the node."""
    source = primary()
    try:
        return source is not None and node in postgres.sql(
            source, "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'")
    except LabError:
        return False


def wait_until_streaming(nodes, deadline=60):
    for node in nodes:
        wait_for(f"{node} to stream", lambda node=node: streams(node), deadline, interval=0.3)
