"""A program in a terminal of its own, and what its screen shows."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

from harness import settings


class Screen(pyte.Screen):
    """With what pyte lacks of an xterm: SU and SD, by which ncurses moves lines that stay the same."""

    def scroll_up(self, count=1):
        self._scroll(self._margin("bottom"), self.index, count)

    def scroll_down(self, count=1):
        self._scroll(self._margin("top"), self.reverse_index, count)

    def _margin(self, side):
        whole = {"top": 0, "bottom": self.lines - 1}
        return getattr(self.margins, side) if self.margins else whole[side]

    def _scroll(self, at, step, count):
        before, self.cursor.y = self.cursor.y, at
        for _ in range(count or 1):
            step()
        self.cursor.y = before


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Terminal:
    def __init__(self, argv, rows=24, columns=80, term="xterm-256color"):
        self._argv = [str(argument) for argument in argv]
        self._screen = Screen(columns, rows)
        self._stream = Stream(self._screen)
        self._term = term

    def __enter__(self):
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.environ["TERM"] = self._term
            self._set_size(0)
            os.execvp(self._argv[0], self._argv)
        self.status = None
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def _set_size(self, terminal):
        size = struct.pack("HHHH", self._screen.lines, self._screen.columns, 0, 0)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)

    def resize(self, rows, columns):
        self._screen.resize(rows, columns)
        self._set_size(self._terminal)

    def press(self, keys):
        os.write(self._terminal, keys.encode())

    def wait_for(self, shows, what, seconds=15):
        """Until `shows(lines)`; the lines then, without the blanks at their ends."""
        deadline = time.monotonic() + seconds * settings.PATIENCE
        while True:
            lines = [line.rstrip() for line in self._screen.display]
            if shows(lines):
                return lines
            left = deadline - time.monotonic()
            assert left > 0, f"the screen never shows {what}:\n" + "\n".join(lines)
            if select.select([self._terminal], [], [], left)[0]:
                self._stream.feed(os.read(self._terminal, 65536))

    def is_coloured(self):
        return any(cell.fg != "default" for row in self._screen.buffer.values()
                   for cell in row.values())

    def wait_end(self, seconds=10):
        """Its exit status."""
        deadline = time.monotonic() + seconds * settings.PATIENCE
        while select.select([self._terminal], [], [], max(deadline - time.monotonic(), 0))[0]:
            try:
                self._stream.feed(os.read(self._terminal, 65536))
            except OSError:     # EIO: its last program has ended
                break
        assert time.monotonic() < deadline, "it does not end"
        self.status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self.status
