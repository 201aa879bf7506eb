"""One proxy process: novip, or HAProxy to see that a test is right."""

import pathlib
import re
import signal

from harness import settings
from harness.process import Process, tail
from harness.runtime_api import RuntimeApi
from harness.wait import wait_for

SANITIZER = re.compile(r"(ERROR|WARNING): (Address|Thread|Leak|Memory)Sanitizer|runtime error:")


class Proxy:
    """Runs in the foreground on `configuration`, to which a `stats socket` for tests is added."""

    def __init__(self, name, configuration, folder, binary=settings.BINARY):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.binary = binary
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / f"{name}.cfg"
        self.log = self.folder / f"{name}.log"
        self.api = RuntimeApi(self.folder / f"{name}.api")
        self.file.write_text(f"{configuration}\n\nglobal\n"
                             f"    stats socket {self.api.endpoint} level admin\n"
                             # LeakSanitizer has to look into the process at its end.
                             + ("    set-dumpable\n" if settings.SCALE < 1 else ""))
        self._process = None

    def start(self, *arguments, **options):
        """Returns once it serves. More `arguments` and Process options as needed."""
        self._process = Process(self.name, [self.binary, "-f", self.file, "-db", *arguments],
                                self.log, **options)
        wait_for(self._serves, f"{self.name} starts")
        return self

    def _serves(self):
        if not self._process.running:
            raise RuntimeError(f"{self.name} ended ({self._process.exit_code}):\n{tail(self.log)}")
        return "Name:" in self.api("show info")

    @property
    def running(self):
        return self._process is not None and self._process.running

    @property
    def pid(self):
        return self._process.pid

    def memory(self):
        """What it allocated and touched, in bytes: without pages of files, of which its resident set
        has as many as the kernel finds good (some kernels page out what is cold, and read it again)."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * sum(int(size) for size in
                          re.findall(r"^(?:RssAnon|VmSwap):\s+(\d+) kB", status, re.M))

    def send(self, number):
        self._process.send(number)

    def wait(self, seconds=10):
        return self._process.wait(seconds)

    def stop(self, number=signal.SIGTERM):
        """Raises AssertionError when it ended badly or a sanitizer complained."""
        if self._process is None:
            return
        code = self._process.stop(number)
        self._process = None
        check_sanitizers(self.name, self.log)
        # HAProxy ends as its signal says; units in the wild have SuccessExitStatus=143.
        assert code in (0, -number, 128 + number), \
            f"{self.name} ended with {code}:\n{tail(self.log)}"

    def check(self):
        """Raises AssertionError when it ended by itself, or a sanitizer complained."""
        check_sanitizers(self.name, self.log)
        assert self._process is None or self._process.running, \
            f"{self.name} ended by itself ({self._process.exit_code}):\n{tail(self.log)}"


def check_sanitizers(name, log):
    if SANITIZER.search(pathlib.Path(log).read_text(errors="replace")):
        raise AssertionError(f"a sanitizer complained about {name}:\n{tail(log, 200)}")
