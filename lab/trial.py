"""./dev lab test: a lab of its own, with clients on every node while things happen to it."""

import functools
import json
import time
import uuid

import choices
import cluster
import control_groups
import faults
import lifecycle
import log_sink
import machine
import network
import postgres
import settings
import status
import witness
from commands import run as run_program
from progress import LabError, bold, say, wait_for


def run(proxy, manager, rounds, smoke):
    lifecycle.up(proxy, manager)
    findings, outcomes = [], []
    try:
        for step in steps(proxy, manager, smoke) * rounds:
            outcomes.append(step())
            findings += [f"{outcomes[-1].title}: {what}" for what in check(outcomes[-1])]
        status.show()
    except LabError as error:
        findings.append(f"the trial ended early: {error}")
    finally:
        if findings:
            say(f"logs are in {log_sink.keep()}")
        lifecycle.down()
    findings += leftovers()
    say(bold("outages") + f" ({manager}, {proxy})")
    for line in table(outcomes):
        say(line)
    for finding in findings:
        say("FINDING " + finding)
    if findings:
        raise LabError(f"{len(findings)} findings")
    say("everything as it must be")


def steps(proxy, manager, smoke):
    if smoke:
        return SMOKE
    left_out = []
    if manager != "pacemaker":      # Patroni does not count failures, and has no Corosync
        left_out += [MIGRATE, LOSE_QUORUM]
    if proxy != "novip":            # the original does not ask for quorum
        left_out += [LOSE_QUORUM]
    return tuple(step for step in FAULTS if step not in left_out)


def a_standby():
    return cluster.see().started[0]


def switchover():
    return faults.switchover(a_standby())


def lose_and_repair(what, choose):
    """A fault of the node chosen then, after which it joins again."""
    def step():
        node = choose()
        outcome = what(node)
        if machine.is_cut(node):
            faults.heal(node)
        faults.rejoin(node)
        return outcome
    return step


def cut_log_sink():
    """Nobody but the logs may notice."""
    def for_a_while():
        faults.cut(settings.LOG_SINK)
        time.sleep(5)
        faults.heal(settings.LOG_SINK)
    return faults.happen("network of log-sink cut for 5 s", for_a_while, lambda *_: True,
                         cluster.primary())


def restart_proxies():
    """The clients of each proxy are cut and come back."""
    unit = choices.proxy_unit()

    def one_by_one():
        for node in settings.DATABASES:
            machine.run_in(node, "systemctl", "kill", "--signal=KILL", unit)
            machine.run_in(node, "systemctl", "restart", unit)
            time.sleep(1)
    return faults.happen(f"{unit} killed and started on each node", one_by_one, lambda *_: True,
                         cluster.primary())


# Seconds for which a primary that was cut off may acknowledge writes.
LONGEST_SPLIT = 1.5

MIGRATE = lose_and_repair(faults.migrate, cluster.primary)
LOSE_QUORUM = functools.partial(faults.lose_quorum, 3)
CUT_PRIMARY = lose_and_repair(faults.cut, cluster.primary)
SMOKE = (switchover, CUT_PRIMARY)
FAULTS = (
    switchover,
    lambda: faults.kill(cluster.primary()),
    MIGRATE,
    lose_and_repair(faults.crash, cluster.primary),
    lose_and_repair(faults.poweroff, cluster.primary),
    CUT_PRIMARY,
    lose_and_repair(faults.cut, a_standby),
    LOSE_QUORUM,
    cut_log_sink,
    restart_proxies,
)


def check(outcome):
    """What is not as it must be after a fault and its repair."""
    findings = []
    primary = cluster.wait_for_primary()
    primaries = [node for node in settings.DATABASES
                 if postgres.sql(node, "SELECT pg_is_in_recovery()") == "f"]
    if primaries != [primary]:
        findings.append(f"primaries are {primaries}, Pacemaker's is {primary}")
    cluster.wait_until_streaming(node for node in settings.DATABASES if node != primary)
    findings += lost(outcome, primary)
    for client in outcome.clients:
        wrong = [event for event in client.events
                 if client.kind == "write" and event.get("recovering")]
        if wrong:
            findings.append(f"a writer of {client.node} was on a standby: {json.dumps(wrong[0])}")
    return findings + logs_missing()


def lost(outcome, primary):
    """Acknowledged writes that are not there. Replication is asynchronous: when the primary itself
    is lost, its last moments may be lost with it, and that is only told. On the side of a primary
    that was cut off nothing may be acknowledged for long."""
    rows = [line.rsplit("|", 1) for line in postgres.sql(
        primary, "SELECT client, number FROM writes").splitlines()]
    missing = witness.lost_writes(outcome.clients, [(name, int(number)) for name, number in rows])
    findings = []
    for client in outcome.clients:
        times = [event["time"] - outcome.began for event in client.answers()
                 if event.get("number") in missing.get(client.name, ())]
        if times:
            told = f"{len(times)} writes of {client.node}, acknowledged " \
                   f"{times[0]:+.2f} s to {times[-1]:+.2f} s after, are lost"
            if outcome.lost is None or times[-1] > LONGEST_SPLIT:
                findings.append(told)
            else:
                say(f"  {told} (asynchronous replication)")
    return findings


def logs_missing():
    """A line from each node must reach log-sink."""
    mark = uuid.uuid4().hex
    for node in settings.NODES:
        machine.run_in(node, "logger", "-t", "lab-mark", mark)
    missing = set(settings.NODES)

    def arrived():
        missing.difference_update(
            [node for node in missing if log_sink.last_time(node, "lab-mark", mark)])
        return not missing
    try:
        wait_for("a line of each node at log-sink", arrived, 15)
    except LabError:
        return [f"log-sink has no line of {node}" for node in sorted(missing)]
    return []


def leftovers():
    """What `down` left behind, which is nothing."""
    found = []
    with open("/proc/mounts") as mounts:
        found += [f"mount {line.split()[1]}" for line in mounts if settings.PREFIX in line]
    found += [f"namespace {path.name}"
              for path in network.NAMESPACES.glob(settings.PREFIX + "*")]
    found += [f"control group {path}" for path in control_groups.left()]
    found += [f"process {line}" for line in run_program("ps", "-eo", "pid,args").splitlines()
              if str(settings.RUN) in line]
    found += [str(settings.RUN)] if settings.RUN.exists() else []
    return found


def table(outcomes):
    """The longest pause of any writer on a node that survived, and what of it was routing's: from
    the new primary's first connection to the first write there."""
    yield f"{'what happened':50}{'longest pause':>14}{'of it routing':>14}{'failed':>8}"
    for outcome in outcomes:
        writers = [client for client in outcome.clients
                   if client.kind == "write" and client.outage(outcome.began)]
        alive = [client for client in writers
                 if client.answers()[-1]["time"] > outcome.began + 1]
        pause = max((client.outage(outcome.began)[0] for client in alive), default=0)
        failed = sum(len(client.errors(outcome.began)) for client in alive)
        routing = routing_part(outcome, alive)
        text = "" if routing is None else f"{routing * 1000:.0f} ms"
        yield f"{outcome.title:50}{pause:12.2f} s{text:>14}{failed:8}"


def routing_part(outcome, writers):
    """Seconds of the slowest of the nodes' own writers; those of log-sink choose among proxies by
    themselves."""
    if outcome.promoted is None:
        return None
    return max((min(event["time"] for event in client.answers()
                    if event["time"] > outcome.promoted) - outcome.promoted
                for client in writers if client.node in settings.DATABASES
                and client.answers()[-1]["time"] > outcome.promoted), default=None)
