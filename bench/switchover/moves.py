"""Three ways for the primary to move, and when each step of it was."""

import contextlib
import dataclasses
import threading
import time

from harness.wait import wait_for

# How long the cluster's manager takes to see that the primary does not answer.
DETECTION = 2.0
# After a promotion beside a frozen primary: when the manager has killed that at the latest.
FENCING = 5.0


@dataclasses.dataclass
class Move:
    kind: str
    old: str = ""               # addresses
    new: str = ""
    # time.monotonic() of each step
    began: float = 0.0          # the old primary is told to stop, is dead, is frozen
    recovery_ended: float = 0.0
    promoted: float = 0.0       # pg_promote() has returned
    streaming: float = 0.0      # the standbys that there are follow the new primary
    first_write: float = 0.0    # the writer's first on the new primary was acknowledged


def run_move(kind, cluster, target, moved):
    """Moves the primary and leaves three healthy nodes. `moved(seconds)` waits for the first write
    on another server and returns it, or None."""
    return {"switchover": switchover, "kill": kill, "freeze": freeze}[kind](cluster, target, moved)


def switchover(cluster, target, moved):
    """As PAF does it; `target` becomes the primary."""
    move = Move("switchover", old=cluster.primary.address, new=target.address,
                began=time.monotonic())
    with ended_recovery(move, target):
        cluster.switchover(target)
        move.promoted = time.monotonic()
    wait_streaming(move, target, 2)
    wait_written(move, moved)
    return move


def kill(cluster, _, moved):
    """SIGKILL of the primary's postmaster; the most advanced standby is promoted."""
    old, standbys = cluster.primary, cluster.standbys
    old.postgres.crash()
    move = Move("kill", old=old.address, began=time.monotonic())
    target = promote(move, cluster, standbys)
    wait_streaming(move, target, 1)
    wait_written(move, moved)
    cluster.rejoin(old, target)
    return move


def freeze(cluster, _, moved):
    """SIGSTOP of every process of the primary: nothing answers, nothing closes. The manager
    promotes another and kills the frozen one afterwards, as where fencing takes its time."""
    old, standbys = cluster.primary, cluster.standbys
    old.postgres.hang()
    move = Move("freeze", old=old.address, began=time.monotonic())
    time.sleep(DETECTION)
    target = promote(move, cluster, standbys)
    with contextlib.suppress(AssertionError):
        wait_written(move, moved, FENCING)
    old.postgres.destroy()
    wait_streaming(move, target, 1)
    if not move.first_write:
        wait_written(move, moved)
    cluster.rejoin(old, target)
    return move


def promote(move, cluster, standbys):
    target = cluster.most_advanced(standbys)
    move.new = target.address
    with ended_recovery(move, target):
        target.postgres.promote()
        move.promoted = time.monotonic()
    return target


@contextlib.contextmanager
def ended_recovery(move, target):
    """Notes when recovery really ended: pg_promote() looks for that only ten times a second."""
    def watch():
        with target.postgres.connect() as session:
            connected.set()
            while session.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                if given_up.wait(0.002):
                    return
            move.recovery_ended = time.monotonic()

    connected, given_up = threading.Event(), threading.Event()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    assert connected.wait(10), f"no connection to {target.name}"
    try:
        yield
    except BaseException:
        given_up.set()
        raise
    finally:
        thread.join()


def wait_streaming(move, target, count):
    with target.postgres.connect() as session:
        query = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        wait_for(lambda: session.execute(query).fetchone()[0] >= count,
                 f"{count} standbys stream from {target.name}", 60)
    move.streaming = time.monotonic()


def wait_written(move, moved, seconds=60):
    """Until a write was acknowledged by the new primary."""
    deadline = time.monotonic() + seconds
    while (write := moved(max(0, deadline - time.monotonic()))) is not None:
        if write.server == move.new:
            move.first_write = write.acknowledged
            return
    raise AssertionError(f"no write on {move.new} within {seconds} s")
