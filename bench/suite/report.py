"""Tables: one for each row, a line for each contender. Ratios are taken within a round, where the
machine was the same for both."""

from common.markdown import spread, table
from contenders import CONTENDERS, DEBIANS, DIRECT, REFERENCES, SCALING, SPLICE
from table import CheckedRow, MemoryRow, ROWS

import plots


def tables(measured):
    """`measured`: {row: {"environment": …, "rounds": [{contender: figures}]}}."""
    return "\n\n".join(f"### {ROWS[name].title}\n\n{row_table(name, kept['rounds'])}"
                       for name, kept in measured.items())


def row_table(name, rounds):
    row = ROWS[name]
    names = [contender.name for contender in row.contenders if contender.name in rounds[-1]]
    if isinstance(row, MemoryRow):
        return memory_table(rounds, names)
    if isinstance(row, CheckedRow):
        return checked_table(rounds, names)
    return rate_table(row, rounds, names)


def values(rounds, name, *path):
    """One figure of a contender, of all rounds in which it took part."""
    found = []
    for figures in rounds:
        value = figures.get(name)
        for step in path:
            value = value and value.get(step)
        if value is not None:
            found.append(value)
    return found


def ratios(rounds, name, other, figure):
    return [figures[name][figure] / figures[other][figure] for figures in rounds
            if name in figures and other in figures]


def ratio(rounds, name, other, figure="rate"):
    return "" if name == other else spread(ratios(rounds, name, other, figure), ".2f")


def rate_table(row, rounds, names):
    in_bytes = row.scale != 1.0
    haproxy = DEBIANS.name if DEBIANS.name in names else f"{DEBIANS.name}-2"
    has_latency = "p50" in rounds[-1][names[0]]
    each, factor, of_each = ("s/GB", 1e3, ".2f") if in_bytes else ("µs each", 1.0, ".0f")
    heads = ["", f"rate{row.unit}", "of direct", "of HAProxy",
             *(["p50 µs", "p99 µs", "p50 of direct"] if has_latency else []),
             f"machine, {each}", f"proxy, {each}", "of it user"]
    lines = []
    for name in names:
        user, system = (values(rounds, name, figure) for figure in ("user", "system"))
        spent = [one + other for one, other in zip(user, system)]
        shares = [one / both for one, both in zip(user, spent) if both > 0]
        lines.append([
            name, spread(values(rounds, name, "rate"), ".0f", 1 / row.scale),
            ratio(rounds, name, DIRECT.name), ratio(rounds, name, haproxy),
            *([spread(values(rounds, name, "p50"), ".0f"), spread(values(rounds, name, "p99"), ".0f"),
               ratio(rounds, name, DIRECT.name, "p50")] if has_latency else []),
            spread(values(rounds, name, "machine"), of_each, factor),
            spread(spent, of_each, factor), spread(shares, ".0%")])
    return table(heads, lines)


def memory_table(rounds, names):
    counts = list(rounds[-1][names[0]])
    heads = ["", *(f"bytes each, {int(count):,} sessions" for count in counts)]
    return table(heads, [[name, *(spread(values(rounds, name, count), ",.0f") for count in counts)]
                         for name in names])


def checked_table(rounds, names):
    counts = list(rounds[-1][names[0]])
    heads = ["", *(f"{count} servers, % of a core" for count in counts),
             *(f"{count} servers, ms to the first client" for count in counts)]
    return table(heads, [[name,
                          *(spread(values(rounds, name, count, "percent"), ".2f")
                            for count in counts),
                          *(spread(values(rounds, name, count, "start"), ".0f", 1000)
                            for count in counts)] for name in names])


DOCUMENT = """\
# As fast as no proxy at all?

Written by `./dev bench --write` on {date}. {machine}; {postgresql}.

{pictures}

{contenders}

**Topology.** Everything is on this one machine and in one network namespace, over loopback: client,
proxy and PostgreSQL share its cores, so a rate says how much work all of them together have with a
transaction. The same for all contenders of a row. novip and HAProxy read the same configuration
word for word, and start as many threads as they do unless told.

**Rounds.** In each, every contender has its turn, beginning with another one each time. Figures are
medians over the rounds (the middle half of them); ratios are taken within a round, so that a machine that
drifts does so for all. Load average before the first round: {load_before}.

**Rows.** SELECT: `pgbench -S -M prepared`, latencies of a tenth of the transactions. New sessions:
`pgbench --connect` with `SELECT 1`; pgbouncer gives its clients sessions that it opened before, the
others open each to PostgreSQL. COPY: {copied} in rows of 64 kB, which PostgreSQL makes and throws
away. pg_basebackup: as tar, to nowhere; pgbouncer 1.18 takes no replication sessions. Idle sessions:
growth of the proxy's resident set, divided by their number; behind the proxy is a program that
greets as PostgreSQL does, as thousands of real sessions do not fit on such a machine. Checked
servers: a TCP connection to each every 2 s (`inter 2s`); and the time from the start of the process
until its first client hears from a server, for which novip waits for the first check of every
server, and HAProxy does not.

**Cost.** *Machine*: processor time of all of it, for each transaction, session or gigabyte. *Proxy*:
of the contender's process; *of it user*: not in the kernel. novip with `forward kernel` has its
work in the kernel, where it counts for whoever sends: see *machine*. *bare-relay* and *dnat* are no
proxies: they show what the kernel takes for two more sockets, and for tracking and translating a
connection, whoever asks for it.

{tables}
"""


def write(document, measured):
    environments = [kept["environment"] for kept in measured.values()]
    present = {name for kept in measured.values() for figures in kept["rounds"] for name in figures}
    names = [contender for contender in (*CONTENDERS, SPLICE, *REFERENCES, *SCALING)
             if contender.name in present]
    copied = next((f"{round(figures[DIRECT.name]['rate'] * figures[DIRECT.name]['seconds'] / 1e6)} MB"
                   for figures in measured.get("copy-out", {"rounds": []})["rounds"]), "a gigabyte")
    pictures = plots.draw(document.with_suffix(""), measured)
    document.write_text(DOCUMENT.format(
        **{**environments[0], "date": max(one["date"] for one in environments)},
        contenders="\n".join(f"- **{contender.name}**: {contender.what}" for contender in names),
        copied=copied, tables=tables(measured),
        pictures="\n".join(f"![{title}]({file.relative_to(document.parent)})"
                           for title, file in pictures)))
