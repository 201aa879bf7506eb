"""Clients in processes of their own, so that they take time from each other and not from us."""

import multiprocessing
import signal

FORK = multiprocessing.get_context("fork")
PATIENCE = 70       # seconds: a client may be held, or wait for a server that is frozen


class ClientProcess:
    """Runs `work(stop, *arguments)` until stop() sets the event `stop`; `work` returns what it
    saw."""

    def __init__(self, work, *arguments):
        self._stop = FORK.Event()
        self._results, results = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=_run, args=(work, self._stop, results, arguments),
                                     daemon=True)
        self._process.start()
        results.close()

    def ask_to_stop(self):
        self._stop.set()

    def stop(self):
        """What it saw."""
        self.ask_to_stop()
        try:
            if not self._results.poll(PATIENCE):
                raise RuntimeError(f"a client did not end within {PATIENCE} s")
            return self._results.recv()
        except EOFError:
            raise RuntimeError("a client's process ended by itself") from None
        finally:
            self._process.kill()
            self._process.join()


def _run(work, stop, results, arguments):
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # we are told to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    results.send(work(stop, *arguments))
