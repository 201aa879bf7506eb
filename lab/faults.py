"""What can happen to a node. Each waits for what follows and says what happened when."""

import dataclasses
import time

import choices
import cluster
import fence_daemon
import log_sink
import machine
import postgres
import routing
import settings
import witness
from progress import LabError, bold, say, wait_for

DEADLINE = 90.0         # seconds for the cluster to recover from anything
COUNT_WRITES = "SELECT count(*) FROM writes"


class Observer:
    """Notices changes of what Pacemaker sees and of the power switch, and says when they came."""

    def __init__(self, seen_from):
        self.seen_from = seen_from
        self.began = time.time()
        self.view = cluster.see(seen_from)
        self.fenced = len(fence_daemon.history())

    def say(self, text, when=None):
        say(f"+{(when or time.time()) - self.began:6.2f} s  {text}")

    def look(self):
        for when, what in fence_daemon.history()[self.fenced:]:
            self.say(f"power switch: {what}", when)
            self.fenced += 1
        view = cluster.see(self.seen_from)
        if view is None:
            return None
        for state in ("online", "unclean", "started", "promoted"):
            self.compare(state, getattr(self.view, state), getattr(view, state))
        self.view = view
        return view

    def compare(self, state, before, now):
        where = "PostgreSQL " if state in ("started", "promoted") else ""
        word = {"started": "standby"}.get(state, state)
        for node in now:
            if node not in before:
                self.say(f"{choices.made()['manager']}: {where}{node} is {word}")
        for node in before:
            if node not in now:
                self.say(f"{choices.made()['manager']}: {where}{node} is no longer {word}")


@dataclasses.dataclass
class Outcome:
    """What happened and what the clients noticed of it; times in seconds since 1970."""
    kind: str           # the same for each node and round
    subject: str
    began: float
    clients: list
    primary: str            # afterwards
    # When PostgreSQL said, after it began, that it takes connections as a primary; or None.
    promoted: float | None
    # The node that was lost with all that it knew alone; or None.
    lost: str | None = None

    @property
    def title(self):
        return f"{self.kind}: {self.subject}"


def happen(kind, subject, action, is_over, seen_from, lost=None, away=None):
    """Runs `action` with clients on every node, until `is_over(observer, view)`."""
    title = f"{kind}: {subject}"
    say(bold(title))
    with witness.Witnesses(away) as witnesses:
        observer = Observer(seen_from)
        action()
        wait_for(f"the end of: {title}",
                 lambda: (view := observer.look()) and is_over(observer, view)
                 and witnesses.writing_since(time.time() - 0.5, seen_from), DEADLINE, interval=0.5)
        time.sleep(1)
        observer.look()
    primary = observer.view.primary
    promoted = log_sink.last_time(primary, "postgres", "ready to accept connections")
    outcome = Outcome(kind, subject, observer.began, witnesses.clients, primary,
                      promoted if promoted and promoted > observer.began else None, lost or away)
    if outcome.promoted:
        observer.say(f"PostgreSQL of {primary} took its first connections", outcome.promoted)
    for line in witness.report(outcome.clients, outcome.began):
        say("  " + line)
    return outcome


def other_than(node):
    """A node whose Pacemaker tells what becomes of `node`."""
    view = cluster.see()
    others = [name for name in (view.online if view else ()) if name != node]
    if not others:
        raise LabError("no other node is online")
    return others[0]


def ready_for_fault(node):
    """A fault before the standbys can be promoted only shows that they cannot."""
    choices.made()
    view = cluster.see()
    if not view or node not in view.online:
        raise LabError(f"{node} is not online: ./dev lab rejoin {node}")
    cluster.wait_until_promotable(view.online)
    return view


def switchover(node):
    view = ready_for_fault(node)
    if view.primary == node:
        raise LabError(f"{node} is the primary already")
    try:
        outcome = happen("switchover", f"from {view.primary} to {node}",
                         lambda: cluster.manager().move(node),
                         lambda _, now: now.primary == node
                         and len(now.started) == len(view.started), node)
        cluster.wait_until_preferred(node)
        return outcome
    finally:
        cluster.manager().clear()


def kill(node):
    view = ready_for_fault(node)
    before = postgres.postmaster(node)

    def over(_, now):
        return now.primary and set(now.started + now.promoted) == nodes \
            and postgres.is_running(node) and postgres.postmaster(node) != before
    nodes = set(view.started + view.promoted)
    return happen("postmaster killed", node,
                  lambda: machine.run_in(node, "kill", "-KILL", before), over, other_than(node))


def migrate(node):
    """The same where the first failure makes PostgreSQL leave the node."""
    if choices.made()["manager"] != "pacemaker":
        raise LabError("only Pacemaker counts failures: ./dev lab kill")
    pacemaker = cluster.manager()
    view = ready_for_fault(node)
    # One of before, as `kill` leaves, would count. And what a probe finds would not: settled first.
    pacemaker.forget_failures(node)
    before = postgres.postmaster(node)
    pacemaker.migrate_after(1)
    try:
        return happen("postmaster killed, to move", node,
                      lambda: machine.run_in(node, "kill", "-KILL", before),
                      lambda _, now: now.primary and now.primary != node
                      and set(now.started) >= set(view.started) - {now.primary},
                      other_than(node), lost=node)
    finally:
        pacemaker.migrate_after(None)


def lose_quorum(primary, seconds):
    """Corosync of both standbys stops for a while, and nothing else: PostgreSQL and the network go
    on, and Pacemaker leaves them alone. Only novip's guard keeps clients from such a primary."""
    pacemaker = cluster.manager()
    ready_for_fault(primary)
    others = [node for node in settings.DATABASES if node != primary]

    def without_the_others():
        pacemaker.leave_alone(True)
        for node in others:
            pacemaker.leave(node)
        wait_for(f"novip of {primary} to tell that there is no quorum",
                 lambda: "no quorum" in routing.told_state(primary), 10)
        before = postgres.sql(primary, COUNT_WRITES)
        time.sleep(seconds)
        if (now := postgres.sql(primary, COUNT_WRITES)) != before:
            raise LabError(f"{primary} has no quorum, and took writes: {before}, then {now}")
        pacemaker.forget_that_they_left(others, primary)
        machine.everywhere(lambda node: machine.run_in(
            node, "systemctl", "start", *pacemaker.UNITS), others)

    def over(_, now):
        return set(now.online) == set(settings.DATABASES) and now.primary == primary \
            and set(now.started) == set(others)
    try:
        return happen(f"quorum lost for {seconds} s", primary, without_the_others, over, primary)
    finally:
        pacemaker.leave_alone(False)


def poweroff(node):
    return lose(node, "power cut", machine.power_off)


def crash(node):
    return lose(node, "PID 1 killed", machine.kill_init)


def cut(node):
    if node == settings.LOG_SINK:
        choices.made()
        machine.cut(node)
        say(f"{node} is cut off")
        return None
    return lose(node, "network cut", machine.cut)


def lose(node, kind, action):
    """Something after which the others go on without the node, and have it fenced if they can."""
    kind += " of the primary" if ready_for_fault(node).primary == node else " of a standby"

    def over(observer, now):
        return node not in now.online and now.primary not in (None, node) \
            and len(fence_daemon.history()) >= fenced
    fenced = len(fence_daemon.history()) + (1 if cluster.manager().FENCES else 0)
    return happen(kind, node, lambda: action(node), over, other_than(node), lost=node)


def heal(node):
    choices.made()
    machine.heal(node)
    say(f"{node} has its network again")


def come_back(node):
    """`heal` where it was cut, and `rejoin`, with clients on every node."""
    def heal_and_rejoin():
        if machine.is_cut(node):
            heal(node)
        rejoin(node)
    return happen("rejoin", node, heal_and_rejoin, lambda *_: True, cluster.primary(), away=node)


def rejoin(node):
    """Repairs PostgreSQL of a node that was lost and lets the node join the cluster again."""
    view = cluster.see()
    if machine.is_cut(node):
        raise LabError(f"the network of {node} is cut: ./dev lab heal {node}")
    if view and (view.primary == node or node in view.started and cluster.streams(node)):
        say(f"{node} is in the cluster")
        return
    if not machine.is_up(node):
        say(f"{node} boots")
        machine.boot(node)
    machine.wait_for_boot(node)
    routing.wait_until_open(node)
    cluster.manager().join(node)
    wait_for(f"PostgreSQL on {node}", lambda: (now := cluster.see())
             and node in now.started + now.promoted, DEADLINE, interval=0.3)
    if cluster.wait_for_primary() == node:
        say(f"{node} is the primary")
        return
    cluster.wait_until_streaming([node])
    say(f"{node} is a standby, and streams")
    cluster.wait_until_promotable([node])
    say(f"{node} may be promoted")
