"""./dev lab test: a lab of its own, with clients on every node while things happen to it."""

import functools
import time

import checks
import choices
import cluster
import faults
import lifecycle
import log_sink
import machine
import outages
import settings
import status
from progress import LabError, bold, say


def run(proxy, manager, rounds, smoke):
    lifecycle.up(proxy, manager)
    findings, rows = [], []
    try:
        findings += checks.who_may_ask()
        for step in steps(proxy, manager, smoke) * rounds:
            outcomes = step()
            rows += [outages.row(outcome) for outcome in outcomes]
            findings += checks.after(outcomes)
        status.show()
    except LabError as error:
        findings.append(f"the trial ended early: {error}")
    finally:
        if findings:
            say(f"logs are in {log_sink.keep()}")
        lifecycle.down()
    say(bold("outages") + f" ({manager}, {proxy}, {rounds} rounds)")
    for line in outages.table(rows):
        say(line)
    if not smoke:
        outages.keep(rows, manager, proxy)
        print("\n".join(outages.side_by_side(manager)))
    for finding in findings:
        say("FINDING " + finding)
    if findings:
        raise LabError(f"{len(findings)} findings")
    say("everything as it must be")


def steps(proxy, manager, smoke):
    """Each is run with nobody else and returns the outcomes of what it did."""
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


def alone(what, choose):
    """A fault of the node chosen then, which leaves nothing to repair."""
    return lambda: [what(choose())]


def repaired(what, choose):
    """A fault of the node chosen then, after which it joins again."""
    def step():
        node = choose()
        return [what(node), faults.come_back(node)]
    return step


def cut_log_sink():
    """Nobody but the logs may notice."""
    def for_a_while():
        faults.cut(settings.LOG_SINK)
        time.sleep(5)
        faults.heal(settings.LOG_SINK)
    return [faults.happen("network cut for 5 s", settings.LOG_SINK, for_a_while, lambda *_: True,
                          cluster.primary())]


def restart_proxies():
    """The clients of each proxy are cut and come back."""
    unit = choices.proxy_unit()

    def one_by_one():
        for node in settings.DATABASES:
            machine.run_in(node, "systemctl", "kill", "--signal=KILL", unit)
            machine.run_in(node, "systemctl", "restart", unit)
            time.sleep(1)
    return [faults.happen("proxies killed and started", ", ".join(settings.DATABASES), one_by_one,
                          lambda *_: True, cluster.primary())]


MIGRATE = repaired(faults.migrate, cluster.wait_for_primary)
LOSE_QUORUM = alone(functools.partial(faults.lose_quorum, seconds=3), cluster.wait_for_primary)
CUT_PRIMARY = repaired(faults.cut, cluster.wait_for_primary)
SWITCHOVER = alone(faults.switchover, a_standby)
SMOKE = (SWITCHOVER, CUT_PRIMARY)
FAULTS = (
    SWITCHOVER,
    alone(faults.kill, cluster.wait_for_primary),
    MIGRATE,
    repaired(faults.crash, cluster.wait_for_primary),
    repaired(faults.poweroff, cluster.wait_for_primary),
    CUT_PRIMARY,
    repaired(faults.cut, a_standby),
    LOSE_QUORUM,
    cut_log_sink,
    restart_proxies,
)
