#!/usr/bin/python3
"""./dev lab: a whole cluster on this machine: PostgreSQL, Pacemaker, PAF, fencing, logs, novip."""

import argparse
import os
import signal
import sys

import choices
import faults
import fence_daemon
import lifecycle
import log_sink
import machine
import settings
import status
import trial
from progress import LabError, say


def arguments():
    parser = argparse.ArgumentParser(prog="./dev lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, explanation, node=None):
        added = commands.add_parser(name, help=explanation, description=explanation)
        if node:
            added.add_argument("node", choices=node, metavar="NODE", help=", ".join(node))
        return added

    bring_up = command("up", "bring the whole lab up")
    with_choices(bring_up)
    command("status", "who is what, replicates from whom, and where clients go")
    inside = command("ssh", "a shell, or a command, in a node", settings.NODES)
    inside.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    logs = command("logs", "what log-sink has of all nodes, as it comes")
    logs.add_argument("names", nargs="*", metavar="NODE|PROGRAM")
    command("switchover", "move the primary to NODE", settings.DATABASES)
    command("kill", "SIGKILL to NODE's postmaster", settings.DATABASES)
    command("migrate", "the same, and PostgreSQL is to leave NODE", settings.DATABASES)
    command("poweroff", "cut NODE's power: silence, then fencing", settings.DATABASES)
    command("cut", "pull NODE's network cable", settings.NODES)
    command("heal", "plug NODE's network cable in", settings.NODES)
    command("crash", "kill NODE's PID 1: its kernel still closes connections", settings.DATABASES)
    command("rejoin", "repair NODE and let it join the cluster", settings.DATABASES)
    test = command("test", "a lab of its own, with faults and clients; fails where it must not")
    test.add_argument("--smoke", action="store_true", help="only a switchover and a network cut")
    test.add_argument("--rounds", type=int, default=1, help="how often round")
    with_choices(test)
    command("down", "take everything down, from any state")
    commands.add_parser("fence-daemon")        # the lab's own, see fence_daemon.py
    return parser.parse_args()


def with_choices(command):
    command.add_argument("--proxy", choices=choices.PROXIES, default="novip",
                         help="; ".join(": ".join(told) for told in choices.PROXIES.items()))
    command.add_argument("--manager", choices=choices.MANAGERS, default="pacemaker",
                         help="patroni: with etcd, without Pacemaker")


def enter(node, words):
    shell = words or ["bash", "--login"]
    command = machine.way_in(node)
    os.execvp(command[0], [*command, "sh", "-c", 'cd; exec "$@"', "sh", *shell])


def run(options):
    match options.command:
        case "up":
            lifecycle.up(options.proxy, options.manager)
        case "down":
            lifecycle.down()
            say("down")
        case "test":
            trial.run(options.proxy, options.manager, options.rounds, options.smoke)
        case "fence-daemon":
            fence_daemon.serve()
        case "ssh":
            enter(options.node, options.words)
        case "logs":
            log_sink.follow(options.names)
        case "status":
            status.show()
        case fault:
            getattr(faults, fault)(options.node)


def main():
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("lab: only root can make namespaces and containers: ./dev lab, or sudo")
    if options.command != "fence-daemon":
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
    try:
        run(options)
    except LabError as error:
        sys.exit(f"lab: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


main()
