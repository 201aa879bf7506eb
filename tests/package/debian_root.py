"""A throw-away Debian: a folder with a Debian 12 in it. What runs there has mounts and a network of
its own, which end with it."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build" / "package"
# Shared by all clones: CI's is a new one each time.
CACHE = pathlib.Path("/var/cache/novip-package")

# What the tests look with and at; the package's own dependencies are added to it.
TOOLS = ("bash-completion", "corosync", "haproxy", "logrotate", "man-db", "postgresql-15",
         "rsyslog", "systemd", "systemd-sysv", "util-linux")
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


def run(*command, check=True, **options):
    """Output and errors as text, in one; an assertion with them when it fails."""
    done = subprocess.run([str(word) for word in command], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, **options)
    assert done.returncode == 0 or not check, f"{command}: {done.returncode}\n{done.stdout}"
    return done.stdout


def package():
    """What packaging/build made."""
    found = list(BUILD.glob("novip_*.deb"))
    assert len(found) == 1, f"one package is expected in {BUILD}: run ./dev package"
    return found[0]


def dependencies(deb):
    """Names; of alternatives the first, which is what apt takes."""
    depends = run("dpkg-deb", "--field", deb, "Depends")
    return [item.split("|")[0].split("(")[0].strip() for item in depends.split(",")]


class Debian:
    def __init__(self, deb):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="root-", dir=BUILD))
        try:
            run("tar", "-x", "-C", self.path, "-f", _archive({*TOOLS, *dependencies(deb)}))
        except BaseException:
            self.remove()
            raise

    def remove(self):
        shutil.rmtree(self.path)

    def command(self, *words, user=None):
        """With `user`: as novip.service starts it, without any privilege. No process in between."""
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups",
                   "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]
        return ["unshare", "--mount", "--net", f"--root={self.path}", "--mount-proc",
                *(as_user if user else ()), *(str(word) for word in words)]

    def run(self, *words, user=None, check=True):
        return run(*self.command(*words, user=user), check=check, env=ENVIRONMENT)

    def start(self, *words, user=None, **environment):
        """A process of ours: to be terminated, and waited for."""
        return subprocess.Popen(self.command(*words, user=user), env={**ENVIRONMENT, **environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def install(self, deb):
        """Says what dpkg said. A question about the configuration would be an error."""
        shutil.copy(deb, self.path / "root")
        try:
            return self.run("dpkg", "--install", f"/root/{deb.name}")
        finally:
            (self.path / "root" / deb.name).unlink()

    def read(self, path):
        return (self.path / path.lstrip("/")).read_text()

    def write(self, path, text):
        (self.path / path.lstrip("/")).write_text(text)

    def exists(self, path):
        return os.path.lexists(self.path / path.lstrip("/"))

    def files(self):
        """Every path there is."""
        return {os.path.relpath(os.path.join(folder, name), self.path)
                for folder, folders, names in os.walk(self.path) for name in (*folders, *names)}


def _archive(packages):
    """Debian with these packages, made once: delete the file to have it made again. Others go."""
    names = ",".join(sorted(packages))
    archive = CACHE / f"debian-{hashlib.sha256(names.encode()).hexdigest()[:12]}.tar"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)        # who comes second finds it made
        if not archive.exists():
            for old in CACHE.glob("debian-*.tar"):
                old.unlink()
            new = CACHE / "debian-unfinished.tar"
            run("mmdebstrap", "--mode=root", "--variant=minbase", f"--include={names}",
                "--aptopt=APT::Install-Recommends false", "--dpkgopt=force-unsafe-io",
                "bookworm", new)
            new.rename(archive)
    return archive
