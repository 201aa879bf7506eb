"""Clients that work on every node while something happens, and what that was like for them."""

import contextlib
import dataclasses
import json
import subprocess
import time

import machine
import settings
from progress import wait_for

INSIDE = settings.FILES.parent / "inside"
PORTS = {"write": settings.READ_WRITE_PORT, "read": settings.READ_ONLY_PORT}


@dataclasses.dataclass
class Client:
    """A client and everything that happened to it, in order."""
    name: str
    node: str
    kind: str
    process: subprocess.Popen | None = None
    events: list = dataclasses.field(default_factory=list)

    @property
    def file(self):
        return settings.RUN / "clients" / f"{self.name}.jsonl"

    def start(self):
        # A node's own clients use its own proxy; log-sink has none, and may use any.
        hosts = "127.0.0.1" if self.node in settings.DATABASES else ",".join(settings.DATABASES)
        self.file.parent.mkdir(exist_ok=True)
        with open(self.file, "w") as output:
            self.process = subprocess.Popen(
                [*machine.way_in(self.node), "python3", "-c", (INSIDE / "client.py").read_text(),
                 self.name, self.kind, hosts, str(PORTS[self.kind])],
                stdin=subprocess.PIPE, stdout=output, stderr=output)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.read()

    def read(self):
        """The last line may be half written: its node was killed."""
        self.events = []
        for line in self.file.read_text().splitlines():
            with contextlib.suppress(ValueError):
                self.events.append(json.loads(line))
        return self.events

    def answers(self):
        return [event for event in self.events if event["event"] == "ok"]

    def outage(self, since):
        """The longest time without an answer after `since` (seconds since 1970), and when it ended;
        None where there was no answer after it at all."""
        times = [event["time"] for event in self.answers()]
        before = [when for when in times if when <= since]
        after = [when for when in times if when > since]
        if not after:
            return None
        edges = [max(before, default=since), *after]
        return max((later - earlier, later) for earlier, later in zip(edges, edges[1:]))

    def errors(self, since):
        return [event for event in self.events
                if event["event"] == "error" and event["time"] > since]


class Witnesses:
    """A writer and a reader on each node that is up, while in the `with` block. All have been
    answered when it begins; but for those of a node that is `away` from the cluster."""

    def __init__(self, away=None):
        self.away = away
        self.clients = []

    def __enter__(self):
        stamp = int(time.time())
        self.clients = [Client(f"{kind}-{node}-{stamp}", node, kind)
                        for node in settings.NODES if machine.is_up(node) for kind in PORTS]
        try:
            for client in self.clients:
                client.start()
            wait_for("an answer to each client", lambda: all(
                client.read() and client.answers() for client in self.clients
                if client.node != self.away), 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for client in self.clients:
            if client.process:
                client.stop()

    def writing_since(self, when, node):
        """Whether the writer of the node was answered after `when`."""
        client = next(c for c in self.clients if c.node == node and c.kind == "write")
        client.read()
        return any(event["time"] > when for event in client.answers())


def lost_writes(clients, rows):
    """{client: [numbers]} of acknowledged writes that are not among `rows`, (client, number)."""
    there = set(rows)
    return {client.name: lost for client in clients if client.kind == "write"
            if (lost := [event["number"] for event in client.answers()
                         if (client.name, event["number"]) not in there])}


def report(clients, began):
    """Lines of text: what each client noticed of what began then."""
    lines = []
    for client in clients:
        outage = client.outage(began)
        errors = client.errors(began)
        if outage is None:
            told = "no answer any more"
        else:
            told = f"longest pause {outage[0]:6.2f} s, over {outage[1] - began:6.2f} s after"
        failed = f", {len(errors)} failed: {errors[0]['text'][:80]}" if errors else ""
        kind = "writes" if client.kind == "write" else "reads"
        lines.append(f"{client.node:9} {kind:6} {told}{failed}".replace("\n", " "))
    return lines
