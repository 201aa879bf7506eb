"""Tables: one row for each contender, over all its rounds."""

import collections
import statistics

from common.markdown import table

HEADS = ("", "first write", "worst", "since recovery", "worst", "pause", "rw on standby",
         "ro on primary", "refused plain", "refused TLS", "lost", "standbys", "worst", "rw cut",
         "ro cut")


def row(name, rounds):
    """The cells of one contender; `rounds` are its Figures of one kind of move."""
    def values(field):
        return [getattr(figures, field) for figures in rounds]

    def tried(encryption):
        failed = sum(each[encryption] for each in values("failed"))
        return f"{failed} of {sum(each[encryption] for each in values('attempts'))}"

    lost, after = sum(values("lost")), sum(values("lost_after"))
    return (name, *median_and_worst(values("first_write")),
            *median_and_worst(values("first_write_recovery")),
            milliseconds(statistics.median(values("pause"))),
            sum(values("rw_on_standby")), sum(values("ro_on_primary")),
            tried("plain"), tried("tls"), f"{lost} ({after} after)" if lost else 0,
            *median_and_worst(values("streaming")),
            f"{sum(values('rw_cut'))} of {sum(values('rw_sessions'))}",
            f"{sum(values('ro_cut_elsewhere'))} of {sum(values('ro_sessions_elsewhere'))}")


def median_and_worst(values):
    return milliseconds(statistics.median(values)), milliseconds(max(values))


def milliseconds(value):
    return f"{value:.0f} ms" if abs(value) < 9999 else f"{value / 1000:.0f} s"


def reasons(results, kind):
    """Why attempts were refused, most frequent first: a line each."""
    lines = []
    for name, rounds in results.items():
        counts = collections.Counter()
        for figures in rounds[kind]:
            counts.update(figures.failures)
        lines += [f"- {name}: {count} × {reason}" for reason, count in counts.most_common()]
    return "\n".join(lines)


def result_tables(results, kinds):
    """`results`: {contender: {kind: [Figures]}}."""
    parts = []
    for kind in kinds:
        count = len(next(iter(results.values()))[kind])
        rows = [row(name, rounds[kind]) for name, rounds in results.items()]
        parts.append(f"### {kind}: {count} each; times are medians and worst\n\n"
                     + table(HEADS, rows))
        if why := reasons(results, kind):
            parts.append(f"Refused, by reason:\n\n{why}")
    return "\n\n".join(parts)


DOCUMENT = """\
# Switchover: side by side

Written by `./dev bench switchover --write` on {date}. {machine}; {postgresql}; load average
before: {load_before}. Three real PostgreSQL and, on each node, one proxy; everything on one
machine, clients included.

{contenders}

**Clients**, all libpq: a writer that inserts a row every few milliseconds; four that open one
session after the other as fast as they can (read-write and read-only, plain and TLS), at each node
in turn, and ask `pg_is_in_recovery()`; {established} sessions that stay. Who is refused tries again
after 10 ms.

**Moves.** *switchover*: as PAF does it (fast stop, standby.signal, start, pg_promote of a standby
that has everything). *kill*: SIGKILL of the primary's postmaster, then the most advanced standby is
promoted. *freeze*: SIGSTOP of all of the primary's processes, 2 s until another is promoted, and
the frozen one is killed only after the first write there, or 5 s.

**Figures.** *First write*: from the return of pg_promote, which looks for the end of recovery ten
times a second: it may come before that, which makes it negative. *Since recovery*: from the end of
recovery. *Pause*: between the last write on the old primary and the first one on the new. *ro on
primary*: begun after pg_promote had returned, or on the old one. *Refused*: an attempt to open a
session that failed; sessions that were established and then cut do not count. (It counts attempts,
not time: HAProxy keeps a client in its retries, a second each, for a server it already found down,
where novip with the same configuration refuses at once, and the client comes again 10 ms later.) *Lost*: acknowledged,
and not on the new primary; *after*: sent after the move began (the others were not replicated yet,
which asynchronous replication does not promise). *Standbys*: from the return of pg_promote until
all that run stream from the new primary. *rw cut*: of the sessions established on the old primary;
*ro cut*: of those on the standby that stays one.

{tables}

{detection}
"""


def document(environment, setups, results, kinds, detection, established):
    contenders = "\n".join(f"- **{setup.name}**: {setup.what}" for setup in setups)
    return DOCUMENT.format(**environment, contenders=contenders, established=established,
                           tables=result_tables(results, kinds), detection=detection)
