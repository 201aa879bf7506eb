"""What is there after the package was installed, and that it works."""

import re
import select
import socket

import pytest

from debian_root import SOURCE, run
from machine import wait_for

UNITS = ("novip.service", "pgsql-state.socket", "pgsql-state@.service")


def options_of(root):
    """Every option that `novip -h` lists."""
    usage = root.run("novip", "-h")
    lines = re.findall(r"^  (-.*?)(?:  |$)", usage, re.MULTILINE)
    return set(re.findall(r"-[A-Za-z]+", " ".join(lines))) | {"-f", "-c", "-h"}


def test_lintian_has_nothing_to_say(deb):
    changes = deb.with_suffix(".changes")
    said = run("lintian", "--fail-on", "error,warning", "--pedantic", changes, check=False)
    assert re.findall("^[A-Z]: .*", said, re.MULTILINE) == []


def test_it_says_that_it_is_not_started(installed):
    assert "installed and not started" in installed.said
    assert not installed.exists("/etc/systemd/system/multi-user.target.wants/novip.service")
    assert not installed.exists("/etc/systemd/system/sockets.target.wants/pgsql-state.socket")


def test_the_user_may_nothing(installed):
    name, _, uid, _, _, _, shell = installed.run("getent", "passwd", "novip").strip().split(":")
    assert name == "novip" and 0 < int(uid) < 1000 and shell.endswith("nologin")


@pytest.mark.parametrize("name", ["/etc/novip/novip.cfg",
                                  "/usr/share/doc/novip/examples/novip.cfg",
                                  "/usr/share/doc/novip/examples/haproxy-deck.cfg"])
def test_the_configurations_are_valid(installed, name):
    said = installed.run("novip", "-c", "-dW", "-f", name, user="novip")
    assert "clients of *:5432" in said and "WARNING" not in said


def test_the_example_of_the_manual_is_valid(installed):
    manual = (SOURCE / "packaging/man/novip.cfg.5.scd").read_text()
    installed.write("/root/manual.cfg", manual.split("```")[1])
    assert "clients of *:5433" in installed.run("novip", "-c", "-dW", "-f", "/root/manual.cfg")


@pytest.mark.parametrize("page", [("5", "novip.cfg"), ("8", "novip")])
def test_manuals_render_without_a_warning(installed, page):
    said = installed.run("sh", "-c", f"MANWIDTH=100 man --warnings {page[0]} {page[1]} >/dev/null")
    assert said == ""


def test_the_manual_and_completion_have_every_option(installed):
    manual = (SOURCE / "packaging/man/novip.8.scd").read_text()
    completed = set(complete(installed, "novip", "-"))
    options = options_of(installed)
    assert len(options) > 15
    for option in options:
        assert f"*{option}*" in manual
        assert option in completed


def complete(root, *words):
    """What bash offers for the last word."""
    script = f"""
        source /usr/share/bash-completion/bash_completion
        _completion_loader novip
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
        COMP_CWORD={len(words) - 1} COMP_LINE='{" ".join(words)}' COMP_POINT={len(" ".join(words))}
        _novip
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return root.run("bash", "-c", script).split()


def test_completion(installed):
    assert complete(installed, "novip", "s") == ["state", "status"]
    assert complete(installed, "novip", "status", "") == ["--json", "--socket", "-f"]
    assert complete(installed, "novip", "state", "") == ["--postgres", "--timeout"]
    assert "/etc/novip/novip.cfg" in complete(installed, "novip", "-f", "/etc/novip/n")


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_the_units(installed, unit):
    assert installed.run("systemd-analyze", "verify", f"/lib/systemd/system/{unit}") == ""


@pytest.mark.parametrize("unit", ["novip.service", "pgsql-state@.service"])
def test_the_units_are_hardened(installed, unit):
    said = installed.run("systemd-analyze", "security", "--offline=true", "--no-pager",
                         f"/lib/systemd/system/{unit}")
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    print(level.group())
    assert float(level.group(1)) < 2


def wait_until_told(manager, what):
    """Before it systemd may be told of sockets to keep."""
    while True:
        assert select.select([manager], [], [], 15)[0], f"systemd is not told {what}"
        if manager.recv(1000) == what:
            return


def test_the_unit_s_commands_work_as_its_user(installed):
    """Checked, started, told ready, asked on the stats socket, ended: without any privilege."""
    unit = installed.read("/lib/systemd/system/novip.service")
    files = re.search('^Environment="FILES=(.*)"$', unit, re.MULTILINE).group(1)
    check, start = (re.search(f"^{key}=(.*)$", unit, re.MULTILINE).group(1)
                    .replace("$FILES", files).split() for key in ("ExecStartPre", "ExecStart"))
    installed.run("install", "-d", "-o", "novip", "-g", "novip", "/run/novip")
    assert installed.run(*check, user="novip") == ""

    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(installed.path / "run/notify"))
    (installed.path / "run/notify").chmod(0o777)
    novip = installed.start(*start, user="novip", NOTIFY_SOCKET="/run/notify")
    try:
        wait_until_told(manager, b"READY=1")
        path = installed.path / "run/novip/novip.sock"
        assert path.stat().st_mode & 0o777 == 0o660
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"show cluster\n")
            assert b"srv1" in client.recv(65536)
        novip.terminate()
        assert novip.wait(timeout=10) == 0
        wait_until_told(manager, b"STOPPING=1")
    finally:
        novip.kill()
        novip.communicate()
        manager.close()


def test_its_log_goes_to_a_file_of_its_own(installed):
    assert "error" not in installed.run("rsyslogd", "-N1").lower()
    rsyslog = installed.start("rsyslogd", "-n", "-iNONE")
    try:
        wait_for("rsyslog", lambda: installed.exists("/dev/log"))
        for priority, text in (("local0.info", "of a session"), ("daemon.err", "at start")):
            installed.run("logger", "-p", priority, "-t", "novip", text)
        wait_for("syslog", lambda: installed.exists("/var/log/syslog")
                 and "at start" in installed.read("/var/log/syslog"))
        wait_for("the log", lambda: installed.exists("/var/log/novip.log"))
        assert "of a session" in installed.read("/var/log/novip.log")
        assert "at start" not in installed.read("/var/log/novip.log")
        assert "of a session" not in installed.read("/var/log/syslog")
    finally:
        rsyslog.terminate()
        rsyslog.communicate(timeout=10)
    said = installed.run("logrotate", "--force", "--state", "/dev/null", "/etc/logrotate.d/novip")
    assert said == "" and installed.exists("/var/log/novip.log.1")
