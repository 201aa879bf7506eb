"""Tables: one row for each contender. Ratios are taken within a round, where the machine was the
same for both."""

from common.markdown import spread, table
from contenders import CONTENDERS, DECK_ON_HAPROXY, DIRECT, NATIVE, NATIVE_UNVERIFIED

HEADS = ("", "sessions/s", "of direct", "of HAProxy", "proxy, µs/session",
         "asked node, µs/session")
COST_HEADS = ("", "with / without", "wanted", "proxy, µs/session", "asked node, µs/session")
WANTED = 0.90


def result_tables(results):
    """`results`: {encryption: {contender: [Figures of each round]}}."""
    rounds = len(next(iter(next(iter(results.values())).values())))
    parts = [f"Medians of {rounds} rounds (the middle half of them)."]
    for encryption, runs in results.items():
        rows = [row(name, runs) for name in runs]
        parts.append(f"### {encryption}\n\n{table(HEADS, rows)}")
    if costs := [cost_row(encryption, runs) for encryption, runs in results.items()
                 if NATIVE.name in runs and NATIVE_UNVERIFIED.name in runs]:
        parts.append(f"### What verification costs\n\n{table(COST_HEADS, costs)}")
    return "\n\n".join(parts)


def row(name, runs):
    rates = values(runs[name], "rate")
    proxy = values(runs[name], "proxy")
    return (name, spread(rates, ".0f"), ratio(runs, name, DIRECT.name),
            ratio(runs, name, DECK_ON_HAPROXY.name),
            "" if None in proxy else spread(proxy, ".0f"),
            spread(values(runs[name], "asked"), ".0f"))


def cost_row(encryption, runs):
    with_it, without = runs[NATIVE.name], runs[NATIVE_UNVERIFIED.name]
    return (encryption, ratio(runs, NATIVE.name, NATIVE_UNVERIFIED.name), f">= {WANTED:.2f}",
            spread(differences(with_it, without, "proxy"), "+.0f"),
            spread(differences(with_it, without, "asked"), "+.0f"))


def values(rounds, field):
    return [getattr(figures, field) for figures in rounds]


def differences(rounds, others, field):
    return [one - other for one, other in zip(values(rounds, field), values(others, field))]


def ratio(runs, name, other):
    if other not in runs or other == name:
        return ""
    return spread([one / base for one, base in zip(values(runs[name], "rate"),
                                                   values(runs[other], "rate"))], ".2f")


DOCUMENT = """\
# New connections: side by side

Written by `./dev bench connections --write` on {date}. {machine}; {postgresql}; load average
before: {load_before}.

Everything is on one machine, clients and PostgreSQL included, and shares its cores: a rate says how
much work a session is to all of them together, and not how many sessions a proxy could carry. That
is what processor times are for.

{contenders}

**Cluster.** One for all: three real PostgreSQL, on each node a novip that tells their state to the
others' watches and to the deck's checks. The contenders' proxies are processes beside these, with
the threads that they start unless told; they run from the beginning to the end.

**Clients.** `pgbench --connect` with {clients} clients, each a thread: open a session to the
primary, `SELECT 1`, close it, again. *plain*: sslmode=disable; *tls*: sslmode=require, ended by
PostgreSQL, as proxies only pass it on. {seconds} s for each contender, one after the other, plain
and then TLS; that is a round, and there are {rounds}, so that a machine that drifts does so for
all.

**Figures.** *Of direct*, *of HAProxy*: the rate divided by that one's in the same round. *Proxy*:
processor time of the contender's process, user and system, checks and watches included. *Asked
node*: of the primary's novip and of the PostgreSQL backend by which it asks; a part of that is for
asking every 50 ms, and there whoever connects. *With / without*: novip's rate divided by that of
the one that does not ask again; beside it, the difference of their processor times.

{tables}
"""


def document(environment, options, results):
    names = next(iter(results.values()))
    contenders = "\n".join(f"- **{contender.name}**: {contender.what}" for contender in CONTENDERS
                           if contender.name in names)
    return DOCUMENT.format(**environment, contenders=contenders, clients=options.clients,
                           seconds=options.seconds, rounds=options.rounds,
                           tables=result_tables(results))
