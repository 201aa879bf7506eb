"""A syslog daemon that only remembers: one UDP port and one Unix socket."""

import os
import select
import socket

from harness import settings


class SyslogReceiver:
    def __init__(self, path):
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        # What comes while nobody reads; SO_RCVBUFFORCE, which Python has no name for.
        self._udp.setsockopt(socket.SOL_SOCKET, 33 if os.geteuid() == 0 else socket.SO_RCVBUF, 16 << 20)
        self._udp.bind(("127.0.0.1", 0))
        self._unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._unix.bind(str(path))
        os.chmod(path, 0o666)
        self.udp = "127.0.0.1:%d" % self._udp.getsockname()[1]
        self.path = str(path)
        self.lines = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._udp.close()
        self._unix.close()

    def wait_line(self, pattern, seconds=10, via=None):
        """The first line not yet taken that matches the compiled `pattern`: its match object.

        `via`: "udp" or "unix", when it matters.
        """
        while True:
            for position, (way, line) in enumerate(self.lines):
                if via in (None, way) and (match := pattern.search(line)):
                    del self.lines[position]
                    return match
            ready, _, _ = select.select([self._udp, self._unix], [], [],
                                        seconds * settings.PATIENCE)
            assert ready, f"no line like {pattern.pattern!r}; the last ones: {self.lines[-40:]}"
            for receiver in ready:
                way = "udp" if receiver is self._udp else "unix"
                self.lines.append((way, receiver.recv(65536).decode()))
