"""Child processes that are always ended, by their process id."""

import pathlib
import pwd
import signal
import subprocess

from harness import settings


class Process:
    """A long-running child with its output in a log file; `network`: the namespace that it is in,
    a file."""

    def __init__(self, name, command, log, *, user=None, env=None, pass_fds=(), network=None):
        self.name = name
        self.log = pathlib.Path(log)
        if network:
            command, user = [*_enter(network, user), *command], None
        identity = {"user": user, "group": pwd.getpwnam(user).pw_gid,
                    "extra_groups": []} if user else {}
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=env, pass_fds=pass_fds, cwd="/",
                start_new_session=True,     # Ctrl-C is for us: we end it in order
                **identity)

    @property
    def pid(self):
        return self._child.pid

    @property
    def running(self):
        return self._child.poll() is None

    @property
    def exit_code(self):
        """As subprocess has it: negative when ended by a signal; None while running."""
        return self._child.poll()

    def send(self, number):
        if self.running:
            self._child.send_signal(number)

    def wait(self, seconds=10):
        return self._child.wait(seconds * settings.PATIENCE)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Asks with `number`, insists with SIGKILL; returns the exit code."""
        if self.running:
            self.send(signal.SIGCONT)
            self.send(number)
            try:
                self.wait(seconds)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return self._child.wait()


def _enter(network, user):
    identity = []
    if user:
        entry = pwd.getpwnam(user)
        identity = ["--setuid", entry.pw_uid, "--setgid", entry.pw_gid]
    return ["nsenter", f"--net={network}", *identity, "--"]


def tail(path, lines=40):
    text = pathlib.Path(path).read_text(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
