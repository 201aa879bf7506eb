"""Bringing the lab up and taking it down."""

import contextlib

import base_image
import choices
import cluster
import control_groups
import fence_daemon
import log_sink
import machine
import network
import routing
import settings
from commands import run, succeeds
from progress import LabError, elapsed, say

# What Debian's packages start at boot, and nobody asked for.
NOT_AT_BOOT = ("postgresql.service", "corosync.service", "pacemaker.service", "patroni.service",
               "etcd.service", "haproxy.service")


def up(proxy, manager):
    if succeeds("mountpoint", "-q", settings.RUN):
        raise LabError("the lab is up, or half of it: ./dev lab down")
    try:
        bring_up(proxy, cluster.manager(manager), manager)
    except BaseException as error:
        what = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        say(f"{what}: taking everything down; its logs are in {log_sink.keep()}")
        down()
        raise


def bring_up(proxy, manager, name):
    base_image.make()
    began = elapsed()
    say("disks and network")
    insert_disks()
    choices.save(proxy, name)
    manager.configure(settings.DATABASES)
    for node in settings.DATABASES:
        routing.configure(node, proxy, name)
    network.make()
    fence_daemon.start()
    say("nodes boot")
    for node in settings.NODES:
        machine.boot(node)
    machine.everywhere(machine.wait_for_boot)
    say(f"{proxy} on {', '.join(settings.DATABASES)}")
    machine.everywhere(lambda node: routing.install(node, proxy, name), settings.DATABASES)
    manager.bring_up()
    primary = cluster.wait_for_primary()
    say(f"{primary} is the primary; standbys are to be ready to take over")
    cluster.wait_until_promotable(settings.DATABASES)
    cluster.wait_until_streaming(node for node in settings.DATABASES if node != primary)
    say(f"up in {elapsed() - began:.0f} s: ./dev lab status")


def insert_disks():
    settings.RUN.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=80%", settings.PREFIX + "run", settings.RUN)
    for node in settings.NODES:
        machine.insert_disk(node)
        machine.not_at_boot(node, *NOT_AT_BOOT)
        log_sink.configure(node)


def down():
    """From any state: each step takes away what is there, and nothing is asked of the one before.
    """
    fence_daemon.stop()
    for node in settings.NODES:
        with contextlib.suppress(LabError):
            machine.kill_init(node)
        control_groups.end_all(node)
    for node in settings.NODES:
        machine.remove_disk(node)
    while succeeds("mountpoint", "-q", settings.RUN):
        run("umount", settings.RUN)
    with contextlib.suppress(FileNotFoundError):
        settings.RUN.rmdir()
    network.remove()
    if left := leftovers():
        raise LabError("down has left this behind:\n  " + "\n  ".join(left))


def leftovers():
    """What `down` left behind, which is nothing."""
    found = []
    with open("/proc/mounts") as mounts:
        found += [f"mount {line.split()[1]}" for line in mounts if settings.PREFIX in line]
    found += [f"namespace {path.name}"
              for path in network.NAMESPACES.glob(settings.PREFIX + "*")]
    found += [f"control group {path}" for path in control_groups.left()]
    found += [f"process {line}" for line in run("ps", "-eo", "pid,args").splitlines()
              if str(settings.RUN) in line]
    found += [f"folder {settings.RUN}"] if settings.RUN.exists() else []
    return found
