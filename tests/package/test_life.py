"""Installed, upgraded, removed, purged: in this order, in one Debian."""

import pathlib
import re
import tempfile

import pytest

from debian_root import BUILD, run

EDITED = "# our own addresses\nstate\n    bind *:5431\n    postgres 'port=5434'\n"
# What Debian itself keeps of any package that was there.
KEPT = re.compile(r"var/(lib/dpkg|cache|log/(dpkg|alternatives)\.log)|"
                  r"var/lib/systemd/deb-systemd-helper-[a-z]+$|etc/\.pwd\.lock|"
                  r"etc/(passwd|group|shadow|gshadow|subuid|subgid)-|(dev|proc|run)(/|$)")
ACCOUNTS = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")


@pytest.fixture(scope="module")
def before(bare):
    return bare.files(), [bare.read(file) for file in ACCOUNTS]


@pytest.fixture(scope="module")
def older(deb):
    """The same package with a version below."""
    with tempfile.TemporaryDirectory(prefix="older-", dir=BUILD) as name:
        folder = pathlib.Path(name)
        run("dpkg-deb", "--raw-extract", deb, folder / "novip")
        control = folder / "novip" / "DEBIAN" / "control"
        control.write_text(re.sub("^Version: .*$", "Version: 0.0.1-1", control.read_text(),
                                  flags=re.MULTILINE))
        run("dpkg-deb", "--build", folder / "novip", folder / "novip_0.0.1-1.deb")
        yield folder / "novip_0.0.1-1.deb"


def version(root):
    return root.run("dpkg-query", "--show", "--showformat=${Version}", "novip")


def test_an_upgrade_keeps_what_was_edited(before, bare, older, deb):
    bare.install(older)
    assert version(bare) == "0.0.1-1"
    bare.write("/etc/novip/novip.cfg", EDITED)
    said = bare.install(deb)
    assert version(bare) == run("dpkg-deb", "--field", deb, "Version").strip()
    assert bare.read("/etc/novip/novip.cfg") == EDITED
    assert "installed and not started" not in said
    assert bare.run("dpkg", "--verify", "novip").split() == ["??5??????", "c",
                                                             "/etc/novip/novip.cfg"]


def test_what_was_removed_leaves_the_configuration(before, bare):
    bare.write("/var/log/novip.log", "a line\n")
    bare.write("/var/log/novip.log.1", "an old line\n")
    bare.run("dpkg", "--remove", "novip")
    assert bare.read("/etc/novip/novip.cfg") == EDITED
    assert bare.read("/var/log/novip.log") == "a line\n"
    assert not bare.exists("/usr/bin/novip")
    # rsyslog and logrotate still read what stayed in /etc.
    assert "error" not in bare.run("rsyslogd", "-N1").lower()
    assert "error" not in bare.run("logrotate", "--debug", "/etc/logrotate.d/novip")


def test_a_purge_leaves_nothing(before, bare):
    files, accounts = before
    said = bare.run("dpkg", "--purge", "novip")
    assert "warning" not in said
    left = {file for file in bare.files() - files if not KEPT.match(file)}
    assert left == set()
    assert [bare.read(file) for file in ACCOUNTS] == accounts


def test_a_purge_leaves_somebody_s_own_files_and_their_owner(before, bare, deb):
    bare.install(deb)
    bare.write("/etc/novip/pgpass", "secret\n")
    bare.run("chown", "novip", "/etc/novip/pgpass")
    bare.run("dpkg", "--purge", "novip")
    assert bare.read("/etc/novip/pgpass") == "secret\n"
    assert bare.run("stat", "--format=%U", "/etc/novip/pgpass") == "novip\n"
    bare.run("rm", "-r", "/etc/novip")
    bare.install(deb)
    bare.run("dpkg", "--purge", "novip")
    assert bare.run("getent", "passwd", "novip", check=False) == ""
