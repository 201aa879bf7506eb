"""The table of what clients noticed of each fault: for how long, what of it was the cluster
manager's part, and what the proxies'."""

import dataclasses
import json
import os

import checks
import choices
import log_sink
import settings

FOLDER = settings.REPOSITORY / "build" / "lab" / "outages"


@dataclasses.dataclass
class Row:
    """Seconds, or None where there is nothing to tell."""
    kind: str
    subject: str
    pause: float            # the longest of any writer, those of the lost node left out
    promoted: float | None  # until PostgreSQL took connections as a primary: the manager's part
    routing: float | None   # from then to the first write: the slowest of the nodes' own writers
    beyond: float | None    # last write that a primary without network acknowledged
    failed: int             # requests of clients on other nodes
    # Of the routing part: until the last of the nodes' novips knew, and sessions could begin.
    known: float | None = None
    load: float | None = None   # of the machine, over the last minute


def row(outcome):
    others = [client for client in outcome.clients if client.node != outcome.lost]
    pauses = [outage[0] for client in others
              if client.kind == "write" and (outage := client.outage(outcome.began))]
    return Row(outcome.kind, outcome.subject, max(pauses, default=0),
               outcome.promoted and outcome.promoted - outcome.began, routing_part(outcome, others),
               checks.last_write_beyond(outcome),
               sum(len(client.errors(outcome.began)) for client in others),
               until_known(outcome), os.getloadavg()[0])


def routing_part(outcome, clients):
    """Seconds of the slowest of the nodes' own writers; those of log-sink choose among proxies by
    themselves."""
    if outcome.promoted is None:
        return None
    firsts = [min((event["time"] for event in client.answers() if event["time"] > outcome.promoted),
                  default=None)
              for client in clients if client.kind == "write" and client.node in settings.DATABASES]
    return max((first - outcome.promoted for first in firsts if first), default=None)


def until_known(outcome):
    """Seconds from the promotion until novip of each node knew; HAProxy says nothing alike."""
    if outcome.promoted is None or choices.made()["proxy"] != "novip":
        return None
    nodes = {client.node for client in outcome.clients if client.node in settings.DATABASES}
    told = [log_sink.last_time(node, "novip", f"{outcome.primary} is now primary")
            for node in nodes - {outcome.lost}]
    return max((when - outcome.promoted for when in told if when), default=None)


def keep(rows, manager, proxy):
    """For the table beside another proxy's; the last trial's rows only."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{manager}-{proxy}.json").write_text(
        json.dumps([dataclasses.asdict(row) for row in rows], indent=1))


def kept(manager):
    """{proxy: rows} of each proxy's last trial."""
    return {path.stem.partition("-")[2]: [Row(**row) for row in json.loads(path.read_text())]
            for path in sorted(FOLDER.glob(f"{manager}-*.json"))}


def table(rows):
    """A line for each step, in order."""
    yield f"{'what happened':46}{'pause':>8}{'promoted':>10}{'known':>8}{'routing':>9}" \
          f"{'failed':>8}{'load':>6}"
    for row in rows:
        yield f"{f'{row.kind}: {row.subject}':46}{seconds(row.pause):>8}" \
              f"{seconds(row.promoted):>10}{short(row.known):>8}{short(row.routing):>9}" \
              f"{row.failed:8}{row.load:6.1f}"


def side_by_side(manager):
    """Markdown: for each kind of fault the worst of all rounds of each proxy's last trial."""
    trials = kept(manager)
    kinds = dict.fromkeys(row.kind for rows in trials.values() for row in rows)
    columns = [f"{proxy} | promoted | routing | failed" for proxy in trials]
    yield "| what happened | " + " | ".join(columns) + " |"
    yield "|---|" + "---|" * (4 * len(trials))
    for kind in kinds:
        yield f"| {kind} | " + " | ".join(worst(rows, kind) for rows in trials.values()) + " |"
    if any(row.beyond is not None for rows in trials.values() for row in rows):
        yield "| — last write acknowledged on its side | " + " | ".join(
            f"{seconds(greatest(rows, 'beyond'))} | | |" for rows in trials.values()) + " |"


def worst(rows, kind):
    rows = [row for row in rows if row.kind == kind]
    if not rows:
        return "| | |"
    return " | ".join((seconds(greatest(rows, "pause")), seconds(greatest(rows, "promoted")),
                       short(greatest(rows, "routing")), str(sum(row.failed for row in rows))))


def greatest(rows, name):
    return max((value for row in rows if (value := getattr(row, name)) is not None), default=None)


def seconds(value):
    return "" if value is None else f"{value:.1f} s"


def short(value):
    if value is None or value >= 1:
        return seconds(value)
    return f"{value * 1000:.0f} ms"
