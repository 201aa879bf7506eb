"""Rounds: fresh clients, one move of the primary, and what they saw of it."""

import contextlib
import time

from clients import open_sessions, stay, write
from figures import figures
from moves import run_move
from process import FORK, ClientProcess

AFTERWARDS = 1.0        # seconds that clients go on after everything has settled
IDLE_SESSIONS = 3       # for each port and place, beside one that is busy


def run_rounds(setup, cluster, kind, count):
    """Yields the Figures of each round."""
    for number in range(count):
        order = cluster.nodes
        target = order[(order.index(cluster.primary) + 1) % len(order)]
        with cluster.primary.postgres.connect(dbname="app") as session:
            session.execute("DROP TABLE IF EXISTS rows")
            session.execute("CREATE TABLE rows (number bigint PRIMARY KEY)")
            session.execute("ALTER TABLE rows OWNER TO app")
        yield run_round(setup, cluster, kind, target)


def run_round(setup, cluster, kind, target):
    places = {port: setup.conninfos(cluster, port) for port in ("prod", "stdby")}
    with contextlib.ExitStack() as ends:
        def start(work, *arguments):
            process = ClientProcess(work, *arguments)
            ends.callback(process.ask_to_stop)
            return process

        receiver, sender = FORK.Pipe(duplex=False)
        writer = start(write, places["prod"], sender)
        ready, say_ready = FORK.Pipe(duplex=False)
        stayer = start(stay, say_ready, places, IDLE_SESSIONS)
        openers = [start(open_sessions, places[port], port, tls)
                   for port in ("prod", "stdby") for tls in (False, True)]

        def moved(seconds):
            return receiver.recv() if receiver.poll(seconds) else None

        assert ready.poll(30) and moved(30), "the clients did not get going"
        move = run_move(kind, cluster, target, moved)
        cluster.wait_settled(60)
        time.sleep(AFTERWARDS)

        for process in (writer, stayer, *openers):
            process.ask_to_stop()
        writes, attempts = writer.stop()
        fates = stayer.stop()
        attempts += [attempt for opener in openers for attempt in opener.stop()]
    return figures(move, attempts, writes, fates, stored_rows(cluster))


def stored_rows(cluster):
    with cluster.primary.postgres.connect(dbname="app") as session:
        return {number for number, in session.execute("SELECT number FROM rows")}
