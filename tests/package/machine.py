"""A Debian that is booted: systemd as PID 1, in a container with a network of its own."""

import os
import pathlib
import signal
import subprocess
import time

import debian_root

NAME = f"novip-package-{os.getpid()}"


def control_groups():
    """One where control groups are version 2 alone; systemd's and the unified one in a mixture.
    systemd takes the group it is started in for the root: it must have one to itself."""
    root = pathlib.Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return [root / NAME]
    return [root / "systemd" / NAME, root / "unified" / NAME]


def wait_for(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


class Machine:
    def __init__(self, root):
        self.root = root
        for group in control_groups():
            group.mkdir()
        moves = "; ".join(f"echo $$ >{group}/cgroup.procs" for group in control_groups())
        self._container = subprocess.Popen(
            ["sh", "-ec", f'{moves}; exec "$@"', "sh", "systemd-nspawn", "--quiet", "--boot",
             f"--directory={root.path}", f"--machine={NAME}", "--register=no", "--keep-unit",
             "--private-network", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
             "--console=read-only"],
            env={**debian_root.ENVIRONMENT, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            start_new_session=True)
        self._init = None
        try:
            self._init = wait_for("PID 1", self._find_init)
            wait_for("systemd", lambda: self.run("systemctl", "is-system-running", check=False)
                     .strip() in ("running", "degraded"))
        except BaseException:
            self.end()
            raise

    def _find_init(self):
        assert self._container.poll() is None, "systemd-nspawn has ended"
        pid = self._container.pid
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            status = pathlib.Path(f"/proc/{child}/status").read_text()
            if status.startswith("Name:\tsystemd\n") and "\t1\n" in status:
                return int(child)
        return None

    def end(self):
        """As by a power cut: nothing in the container outlives its PID 1."""
        if self._init:
            os.kill(self._init, signal.SIGKILL)
        else:
            self._container.kill()
        self._container.wait(timeout=30)
        for group in control_groups():
            folders = sorted({group, *group.glob("**/")}, reverse=True)
            wait_for("the control group to be empty", lambda group=group: not any(
                file.read_text() for file in group.glob("**/cgroup.procs")))
            for folder in folders:
                folder.rmdir()

    def run(self, *words, check=True):
        return debian_root.run("nsenter", f"--target={self._init}", "--all", "--root", "--wd",
                               *words, check=check, env=debian_root.ENVIRONMENT)

    def systemctl(self, *words):
        """What it says, on one line."""
        return self.run("systemctl", *words, check=False).strip()

    def install(self, deb):
        target = self.root.path / "root" / deb.name
        target.write_bytes(deb.read_bytes())
        return self.run("dpkg", "--install", f"/root/{deb.name}")

    def state(self):
        """What the state port says."""
        return self.run("timeout", "5", "bash", "-c",
                        "exec 3<>/dev/tcp/127.0.0.1/5431 && cat <&3", check=False)
