"""Connections at a rate, whether they are answered or not."""

import collections
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import time

PAUSE = 0.002           # seconds, when it is ahead
OPEN = 100              # connections that wait for their answer at a time
IP_BIND_ADDRESS_NO_PORT = 24


class Flood:
    """`rate` connections a second to (address, port), by two processes, for a `with` block. Each
    says `request`, and is closed when a hundred others have come; then `rate` is what was reached,
    and `answered` how many of these in a second had an answer by then. They run on `processors`."""

    def __init__(self, address, port, rate, request, processors, processes=2):
        self._processors = processors
        self._words = [[sys.executable, __file__, address, str(port), str(rate / processes),
                        str(number), request.hex()] for number in range(processes)]

    def __enter__(self):
        self._began = time.monotonic()
        self._running = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                         for words in self._words]
        for process in self._running:
            os.sched_setaffinity(process.pid, self._processors)
        return self

    def __exit__(self, *_):
        for process in self._running:
            process.stdin.close()
        seconds = time.monotonic() - self._began
        total = collections.Counter()
        for process in self._running:
            total.update(json.loads(process.stdout.read()))
            process.wait()
        self.rate, self.answered = total["opened"] / seconds, total["answered"] / seconds


def flood(place, rate, number, request):
    """Until standard input ends; what is late is caught up with."""
    # Many source addresses: closed connections keep their port for a minute.
    sources = itertools.cycle(f"127.1.{number}.{last}" for last in range(1, 250))
    counts, waiting = collections.Counter(opened=0, answered=0), collections.deque()
    began, done = time.monotonic(), 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        due = int((time.monotonic() - began) * rate)
        if done >= due:
            time.sleep(PAUSE)
        for _ in range(min(due - done, OPEN)):
            done += 1
            waiting.append(opened(place, next(sources), request))
            counts["opened"] += 1
            if len(waiting) > OPEN:
                counts["answered"] += closed(waiting.popleft())
    return counts


def opened(place, source, request):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    connection.bind((source, 0))
    connection.setblocking(False)
    connection.connect_ex(place)
    try:
        connection.send(request)
    except OSError:
        pass                # refused, or not accepted yet
    return connection


def closed(connection):
    """Whether there was an answer."""
    with connection:
        try:
            return bool(connection.recv(4096))
        except OSError:
            return False


if __name__ == "__main__":
    words = sys.argv[1:]
    print(json.dumps(flood((words[0], int(words[1])), float(words[2]), int(words[3]),
                           bytes.fromhex(words[4]))))
