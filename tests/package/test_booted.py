"""The units under systemd, beside a real PostgreSQL: in this order, on one machine."""

import re

import pytest

import debian_root
import machine
from machine import wait_for

ONE_NODE = """
global
    log /dev/log local0
    log-tag novip
    stats socket /run/novip/novip.sock mode 660 level admin
state
    bind *:5431
    bind *:8008 mode http
    postgres "host=/var/run/postgresql port=5434 dbname=postgres user=novip"
cluster pg
    watch agent
    node srv1 127.0.0.1:5434
defaults
    log global
    option tcplog
listen prod
    bind *:5432
    cluster pg role primary
"""
STATE_OVER_TCP = """
state
    bind *:5431
    postgres "host=127.0.0.1 port=5434 dbname=postgres user=novip password=secret"
"""
IN_PLACE = """
listen prod
    mode tcp
    bind *:5432
    option tcp-check
    tcp-check connect port 5431
    tcp-check expect string production
    server srv1 127.0.0.1:5434 check inter 1s
"""


@pytest.fixture(scope="module")
def booted(deb):
    root = debian_root.Debian(deb)
    try:
        settings = "/etc/postgresql/15/main/postgresql.conf"
        root.write(settings, root.read(settings).replace("port = 5432", "port = 5434"))
        root.run("systemctl", "disable", "haproxy.service")
        it = machine.Machine(root)
        try:
            yield it
        finally:
            it.end()
    finally:
        root.remove()


def reaches_the_primary(booted):
    """Whether a client of port 5432 does."""
    return booted.run("psql", "-Atqc", "SELECT pg_is_in_recovery()",
                      "host=127.0.0.1 port=5432 user=novip dbname=postgres password=secret",
                      check=False) == "f\n"


def is_asked_on_its_socket(booted):
    return "prod" in booted.run("novip", "status", "--socket", "/run/novip/novip.sock", check=False)


def main_pid(booted):
    return booted.systemctl("show", "--value", "--property=MainPID", "novip")


def test_installed_it_is_neither_enabled_nor_started(booted, deb):
    booted.install(deb)
    for unit in ("novip.service", "pgsql-state.socket"):
        assert booted.systemctl("is-enabled", unit) == "disabled"
        assert booted.systemctl("is-active", unit) == "inactive"


def test_the_state_socket_of_the_original(booted):
    wait_for("PostgreSQL", lambda: booted.systemctl("is-active", "postgresql@15-main") == "active")
    booted.systemctl("start", "pgsql-state.socket")
    assert booted.state() == "production\n"
    booted.systemctl("stop", "pgsql-state.socket")


def test_started_it_leads_to_postgresql(booted):
    booted.run("runuser", "-u", "postgres", "--", "psql", "-p", "5434", "-Atqc",
               "CREATE ROLE novip LOGIN PASSWORD 'secret' IN ROLE pg_monitor")
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE)
    assert "rror" not in booted.systemctl("enable", "--now", "novip")
    assert booted.systemctl("is-active", "novip") == "active"
    wait_for("state", lambda: booted.state() == "production\n")
    assert reaches_the_primary(booted)
    wait_for("its log", lambda: booted.root.exists("/var/log/novip.log"))
    wait_for("a session's line",
             lambda: " prod prod/srv1 " in booted.root.read("/var/log/novip.log"))
    assert "Proxy prod started" in booted.run("journalctl", "--unit=novip", "--no-pager")


def test_it_may_nothing(booted):
    status = booted.run("cat", f"/proc/{main_pid(booted)}/status")
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
        assert line in status
    user = booted.run("id", "-u", "novip").strip()
    assert f"Uid:\t{user}\t{user}\t" in status


def test_corosync_tells_its_user_about_quorum(booted):
    """From its next start on, or at once by what novip(8) says."""
    def quorate():
        said = booted.run("setpriv", "--reuid=novip", "--regid=novip", "--init-groups",
                          "corosync-quorumtool", "-s", check=False)
        return re.search("Quorate: *Yes", said)
    wait_for("corosync", lambda: booted.systemctl("is-active", "corosync") == "active")
    assert not quorate()
    user = booted.run("id", "-u", "novip").strip()
    booted.run("corosync-cmapctl", "-s", f"uidgid.uid.{user}", "u8", "1")
    wait_for("quorum", quorate)
    booted.systemctl("restart", "corosync")
    wait_for("quorum again", quorate)


def test_a_crash_is_repaired(booted):
    before = main_pid(booted)
    booted.systemctl("kill", "--signal=SEGV", "novip")
    wait_for("another one", lambda: main_pid(booted) not in (before, "0"))
    wait_for("state", lambda: booted.state() == "production\n")
    assert is_asked_on_its_socket(booted)


def test_a_restart_keeps_the_stats_socket(booted):
    before = main_pid(booted)
    assert booted.systemctl("restart", "novip") == ""
    assert is_asked_on_its_socket(booted)
    assert main_pid(booted) != before


def test_a_wrong_configuration_is_not_started_and_told(booted):
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE + "    blance leastconn\n")
    assert "failed" in booted.systemctl("restart", "novip")
    said = booted.run("journalctl", "--unit=novip", "--no-pager")
    assert f"novip.cfg:{len(ONE_NODE.splitlines()) + 1}" in said and "balance" in said
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE)
    wait_for("it to come back", lambda: booted.systemctl("is-active", "novip") == "active")


def test_a_reload_with_a_wrong_configuration_fails_and_changes_nothing(booted):
    before = main_pid(booted)
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE + "    blance leastconn\n")
    said = booted.systemctl("reload", "novip")
    assert "failed" in said, said
    journal = booted.run("journalctl", "--unit=novip", "--no-pager", "--lines=20")
    assert f"novip.cfg:{len(ONE_NODE.splitlines()) + 1}" in journal and "blance" in journal
    assert main_pid(booted) == before and reaches_the_primary(booted)
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE)
    assert booted.systemctl("reload", "novip") == ""
    assert main_pid(booted) == before


def test_an_upgrade_restarts_what_runs(booted, deb):
    before = main_pid(booted)
    booted.install(deb)
    assert booted.systemctl("is-active", "novip") == "active"
    assert main_pid(booted) not in (before, "0")
    assert booted.systemctl("is-active", "pgsql-state.socket") == "inactive"


def test_an_upgrade_does_not_take_down_what_it_could_not_start_again(booted, deb):
    before = main_pid(booted)
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE + "    blance leastconn\n")
    said = booted.install(deb)
    assert "balance" in said and "the old version goes on" in said
    assert main_pid(booted) == before
    assert reaches_the_primary(booted)
    booted.root.write("/etc/novip/novip.cfg", ONE_NODE)


def test_in_haproxys_place(booted):
    """The haproxy.cfg of Debian's package, with chroot, user and group, and the deck's proxy."""
    root = booted.root
    root.write("/etc/haproxy/haproxy.cfg", root.read("/etc/haproxy/haproxy.cfg") + IN_PLACE)
    root.write("/etc/novip/state.cfg", STATE_OVER_TCP)
    booted.run("install", "-D", "-t", "/etc/systemd/system/novip.service.d",
               "/usr/share/doc/novip/examples/haproxy-in-place.conf")
    booted.run("systemctl", "daemon-reload")
    assert booted.systemctl("restart", "novip") == ""
    wait_for("the server", lambda: reaches_the_primary(booted))
    status = booted.run("cat", f"/proc/{main_pid(booted)}/status")
    user = booted.run("id", "-u", "haproxy").strip()
    assert f"Uid:\t{user}\t{user}\t" in status
    assert booted.run("readlink", f"/proc/{main_pid(booted)}/root") == "/var/lib/haproxy\n"
    booted.run("rm", "-r", "/etc/systemd/system/novip.service.d", "/etc/novip/state.cfg")
    booted.run("systemctl", "daemon-reload")
    assert booted.systemctl("restart", "novip") == ""


def test_removed_it_is_stopped(booted):
    booted.run("dpkg", "--purge", "novip")
    assert booted.systemctl("is-active", "novip") == "inactive"
    assert booted.state() != "production\n"
    assert not booted.root.exists("/etc/systemd/system/multi-user.target.wants/novip.service")
    assert not booted.root.exists("/etc/novip")
    assert not booted.root.exists("/run/novip")
    assert booted.run("getent", "passwd", "novip", check=False) == ""
