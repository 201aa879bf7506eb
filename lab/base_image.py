"""The clean Debian root that is the lower layer of every node: made once, cached after that."""

import contextlib
import fcntl
import hashlib
import pathlib
import shutil
import subprocess

import settings
from progress import LabError, say, tail

PACKAGES = (
    "systemd-sysv", "dbus", "rsyslog", "logrotate", "adduser", "iproute2", "iputils-ping", "procps",
    "less", "ncat", "socat", "python3", "python3-psycopg",
    "postgresql-15",
    "corosync", "pacemaker", "pacemaker-cli-utils", "resource-agents", "resource-agents-paf", "pcs",
    "patroni", "etcd-server", "etcd-client",
    "haproxy",
    "libpq5", "libc-ares2", "libcap2", "libncursesw6", "libnetfilter-conntrack3", "libnftables1",
    "libpcre2-8-0", "libssl3", "libsystemd0", "libstdc++6", "libquorum5",
)

OPTIONS = (
    "--mode=root", "--variant=apt",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
    '--aptopt=APT::Install-Recommends "false"',
)

RELEASE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def root():
    """The folder of the image for today's recipe; another recipe has another folder."""
    recipe = hashlib.sha256(repr((PACKAGES, OPTIONS)).encode()).hexdigest()[:12]
    return settings.CACHE / f"base-{recipe}"


def make():
    """Makes the image where it is not cached. Two at once would make it twice: the second waits."""
    settings.CACHE.mkdir(parents=True, exist_ok=True)
    with open(settings.CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root().exists():
            return
        remove_all()
        say("base image: a clean Debian 12 root (only this once, a minute or two)")
        build(root())
        say("base image: made")


def build(target):
    """Under another name until it is whole: an interrupted build is never taken for an image."""
    unfinished = target.with_name("unfinished")
    log = settings.CACHE / "mmdebstrap.log"
    with open(log, "w") as output:
        result = subprocess.run(
            ["mmdebstrap", *OPTIONS, "--include=" + ",".join(PACKAGES), RELEASE, unfinished, "-"],
            input="\n".join(sources()), text=True, stdout=output, stderr=output)
    if result.returncode != 0:
        raise LabError(f"mmdebstrap failed, {log} ends with:\n{tail(log)}")
    unfinished.rename(target)


def sources():
    """This machine's own sources of Debian's packages, whatever mirror they name."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages", "Origin: Debian"], capture_output=True, text=True, check=True)
    lines = sorted({f"deb [signed-by={KEYRING}] {line}" for line in listed.stdout.splitlines()
                    if f" {RELEASE}" in line})
    if not lines:
        raise LabError("apt knows no Debian 12 sources here: `apt-get update` first?")
    return lines


def remove_all():
    """Images of former recipes, and what an interrupted build left. A mount within is not ours to
    follow: mmdebstrap mounts /proc and /dev there while it works."""
    for folder in settings.CACHE.glob("*/"):
        unmount_below(folder)
        shutil.rmtree(folder)


def unmount_below(folder):
    mounts = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{folder}/")), reverse=True):
        with contextlib.suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", mount], check=True)
