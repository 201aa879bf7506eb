"""Very many short sessions with a NamedServer behind a proxy, from processes of their own."""

import collections
import contextlib
import json
import selectors
import socket
import subprocess
import sys
import time

AT_ONE_TIME = 32
PATIENCE = 60       # seconds for one session: nobody may be lost, however slow the build
ASKED = b"ping\n"


class ShortSessions:
    """`count` sessions, one after the other but AT_ONE_TIME, from each of two processes. Each is
    greeted, has something echoed, and ends."""

    def __init__(self, address, port, count, processes=2):
        share = -(-count // processes)
        self._running = [
            subprocess.Popen([sys.executable, __file__, address, str(port), str(share)],
                             stdout=subprocess.PIPE) for _ in range(processes)]

    def going_on(self):
        return any(process.poll() is None for process in self._running)

    def result(self):
        """How often each of these: "ok", or what went wrong."""
        return sum((collections.Counter(json.loads(process.communicate()[0]))
                    for process in self._running), collections.Counter())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._running:
            process.kill()
            process.wait()


class _Session:
    def __init__(self, address, port):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.began = time.monotonic()
        self._heard = b""
        with contextlib.suppress(BlockingIOError):
            self.socket.connect((address, port))

    def go_on(self):
        """What became of it; None: it goes on."""
        try:
            data = self.socket.recv(4096)
        except BlockingIOError:
            return None
        except OSError as error:
            return type(error).__name__
        if not data:
            return f"end of stream after {self._heard!r}"
        asked = b"\n" in self._heard
        self._heard += data
        if not asked and b"\n" in self._heard:
            self.socket.sendall(ASKED)
        return "ok" if self._heard.endswith(ASKED) else None


def _run(address, port, count):
    outcomes, selector, begun = collections.Counter(), selectors.DefaultSelector(), 0
    while begun < count or selector.get_map():
        while begun < count and len(selector.get_map()) < AT_ONE_TIME:
            selector.register((session := _Session(address, port)).socket, selectors.EVENT_READ,
                              session)
            begun += 1
        for key, _ in selector.select(1):
            if outcome := key.data.go_on():
                outcomes[outcome] += 1
                selector.unregister(key.fileobj)
                key.fileobj.close()
        for key in list(selector.get_map().values()):
            if time.monotonic() - key.data.began > PATIENCE:
                outcomes["silence"] += 1
                selector.unregister(key.fileobj)
                key.fileobj.close()
    return outcomes


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
