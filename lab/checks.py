"""What must be so after each step of the trial. Each function returns findings: sentences that say
what is not."""

import uuid

import choices
import cluster
import log_sink
import machine
import postgres
import routing
import settings
import witness
from progress import LabError, say, wait_for

# Seconds for which a primary that was cut off may acknowledge writes.
LONGEST_SPLIT = 1.5
# Seconds for which a session may go on at a server that has just left its role.
LONGEST_LINGERING = 1.0
# SQLSTATE of a write on a standby.
READ_ONLY_SQL_TRANSACTION = "25006"


def after(outcomes):
    """All of them, after a fault and what repaired it; clients are gone by now."""
    primary = cluster.wait_for_primary()
    found = one_primary(primary)
    cluster.wait_until_streaming(node for node in settings.DATABASES if node != primary)
    for outcome in outcomes:
        what = lost(outcome, primary) + late(outcome) + on_wrong_server(outcome)
        found += [f"{outcome.title}: {finding}" for finding in what]
    return found + logs_missing(outcomes[0].began)


def who_may_ask():
    """novip's state ports answer the nodes, which `allow` names, and tell log-sink nothing."""
    if choices.made()["proxy"] != "novip":      # the original tells everybody
        return []
    found = []
    for node in settings.DATABASES:
        for port in routing.state_ports():
            if not routing.ask(settings.DATABASES[0], node, port):
                found.append(f"{node}:{port} does not answer {settings.DATABASES[0]}")
            if told := routing.ask(settings.LOG_SINK, node, port):
                found.append(f"{node}:{port} told {settings.LOG_SINK}: {told.strip()[:80]}")
    return found


def one_primary(expected):
    primaries = [node for node in settings.DATABASES
                 if postgres.sql(node, "SELECT pg_is_in_recovery()") == "f"]
    manager = choices.made()["manager"]
    return [] if primaries == [expected] else \
        [f"primaries are {primaries}, {manager}'s is {expected}"]


def lost(outcome, primary):
    """Acknowledged writes that are not there. Replication is asynchronous: when the primary itself
    is lost, its last moments may be lost with it, and that is only told."""
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


def late(outcome):
    """Writes that a node without its network went on to acknowledge."""
    last = last_write_beyond(outcome)
    if last is None:
        return []
    say(f"  last write acknowledged on its side {last:.2f} s after")
    return [] if last <= LONGEST_SPLIT else \
        [f"a write on its side was acknowledged {last:.2f} s after, later than {LONGEST_SPLIT} s"]


def last_write_beyond(outcome):
    """Seconds after the primary's network was cut, or None where it was not."""
    if outcome.kind != "network cut of the primary":
        return None
    beyond = settings.ADDRESSES[outcome.lost]
    return max((event["time"] - outcome.began for client in outcome.clients
                if client.kind == "write" for event in client.answers()
                if event["server"] == beyond), default=None)


def on_wrong_server(outcome):
    """Writers that were led to a standby, and readers to the primary, although there always is a
    standby, and a proxy that comes back waits until it has heard of it."""
    findings = []
    for client in outcome.clients:
        wrong = wrote_on_standby if client.kind == "write" else read_on_primary
        times = [event["time"] - outcome.began for event in client.events if wrong(event, outcome)]
        if times:
            where = "on a standby" if client.kind == "write" else "on the primary"
            findings.append(f"{client.node}'s client that {client.kind}s was {where}: {len(times)} "
                            f"times, {times[0]:+.2f} s to {times[-1]:+.2f} s after")
    return findings


def wrote_on_standby(event, _):
    return event.get("recovering") or event.get("sqlstate") == READ_ONLY_SQL_TRANSACTION


def read_on_primary(event, outcome):
    """A session that began at a standby may go on for a moment when that is promoted."""
    promoted = outcome.promoted or 0
    if event["event"] == "connected":
        begun_after = event["began"] > promoted
    else:
        begun_after = not promoted or event["time"] > promoted + LONGEST_LINGERING
    return event.get("recovering") is False and begun_after


def logs_missing(since):
    """A line from each node must reach log-sink, in the file with everything and in the program's
    own, and with it what the proxies have said, and what PostgreSQL is made to say."""
    mark = uuid.uuid4().hex
    for node in settings.NODES:
        machine.run_in(node, "logger", "-t", "lab-mark", mark)
    wanted = {(node, program, mark) for node in settings.NODES
              for program in ("messages", "lab-mark")}
    for node in settings.DATABASES:
        postgres.sql(node, f"DO $$BEGIN RAISE LOG '{mark}'; END$$")
        wanted |= {(node, "postgres", mark), (node, choices.proxy_unit(), "")}

    def arrived():
        wanted.difference_update([it for it in wanted if (log_sink.last_time(*it) or 0) > since])
        return not wanted
    try:
        wait_for("lines of each node at log-sink", arrived, 15)
    except LabError:
        return [f"log-sink has no new line in {node}/{program}.log"
                for node, program, _ in sorted(wanted)]
    return []
