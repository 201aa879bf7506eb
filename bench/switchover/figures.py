"""From what the clients saw to the figures of one move."""

import collections
import dataclasses


@dataclasses.dataclass
class Figures:
    """Times in milliseconds. What may not happen at all is counted."""
    first_write: float          # from pg_promote's return
    first_write_recovery: float     # from the end of recovery, which is up to 100 ms earlier
    pause: float                # between the last write on the old primary and that one
    streaming: float            # from pg_promote's return: every standby follows
    attempts: dict              # {"plain": n, "tls": n}
    failed: dict                # attempts that were refused or fell to a connection that broke
    failures: dict              # {"plain: reason": count}
    cut_at_once: int            # sessions that began on a server just before it stopped
    rw_on_standby: int
    ro_on_primary: int          # that its clients could know of
    lost: int                   # acknowledged writes that the new primary does not have
    lost_after: int             # of these, acknowledged after the move began: not replication's
    rw_sessions: int            # established at the beginning, on the old primary
    rw_cut: int
    rw_cut_with_57p01: int
    rw_cut_last: float          # from pg_promote's return to the last of them; may be negative
    ro_sessions_elsewhere: int  # established, on the standby that stays one
    ro_cut_elsewhere: int


def figures(move, attempts, writes, fates, stored):
    """`stored`: the numbers of the rows that the new primary has."""
    def since_promotion(when):
        return (when - move.promoted) * 1000

    last_old = max(write.acknowledged for write in writes if write.server == move.old)
    lost = [write for write in writes if write.number not in stored]
    rw = [fate for fate in fates if fate.port == "prod"]
    elsewhere = [fate for fate in fates if fate.port == "stdby" and fate.server != move.new]
    rw_cut = [fate for fate in rw if fate.when]
    failed = [attempt for attempt in attempts if attempt.failure]
    return Figures(
        first_write=since_promotion(move.first_write),
        first_write_recovery=(move.first_write - move.recovery_ended) * 1000,
        pause=(move.first_write - last_old) * 1000,
        streaming=since_promotion(move.streaming),
        attempts=by_encryption(attempts), failed=by_encryption(failed),
        failures=dict(collections.Counter(
            f"{encryption(attempt)} {attempt.port}: {attempt.failure}"
            for attempt in failed).most_common()),
        cut_at_once=sum(attempt.cut for attempt in attempts),
        rw_on_standby=sum(attempt.port == "prod" and attempt.standby is True
                          for attempt in attempts),
        ro_on_primary=sum(is_on_known_primary(attempt, move) for attempt in attempts),
        lost=len(lost), lost_after=sum(write.sent > move.began for write in lost),
        rw_sessions=len(rw), rw_cut=len(rw_cut),
        rw_cut_with_57p01=sum(fate.sqlstate == "57P01" for fate in rw_cut),
        rw_cut_last=since_promotion(max((fate.when for fate in rw_cut), default=move.promoted)),
        ro_sessions_elsewhere=len(elsewhere),
        ro_cut_elsewhere=sum(fate.when is not None for fate in elsewhere))


def is_on_known_primary(attempt, move):
    """A read-only session on a primary; on the new one only if it began after pg_promote() had
    returned: before that nobody could know."""
    if attempt.port != "stdby" or attempt.standby is not False:
        return False
    return attempt.server != move.new or attempt.began > move.promoted


def encryption(attempt):
    return "tls" if attempt.tls else "plain"


def by_encryption(attempts):
    counts = collections.Counter(encryption(attempt) for attempt in attempts)
    return {"plain": counts["plain"], "tls": counts["tls"]}
