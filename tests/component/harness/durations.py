"""How long things took."""

import contextlib
import time


class Durations(list):
    """In seconds."""

    @contextlib.contextmanager
    def one(self):
        began = time.monotonic()
        yield
        self.append(time.monotonic() - began)

    @property
    def usual(self):
        """What 95 of 100 took at most: a pause of the whole machine meets few of them."""
        return sorted(self)[len(self) * 95 // 100]

    def __str__(self):
        return (f"{len(self)}, 95 % within {self.usual * 1000:.0f} ms, the slowest took "
                f"{max(self) * 1000:.0f} ms")
