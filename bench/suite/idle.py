"""What idle sessions take: resident memory of the contender's process, once they are there.

Thousands of PostgreSQL's processes would not fit on a small machine, and are not what is measured:
the server is one that starts sessions as PostgreSQL does and then has nothing more to say."""

import asyncio
import pathlib
import re
import struct
import threading

STARTUP = b"user\0app\0database\0app\0\0"
QUERY = b"Q\0\0\0\rSELECT 1\0"
AT_ONCE = 200       # sessions that are being opened


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def greeting(number):
    parameters = {"server_version": "15.0", "client_encoding": "UTF8", "server_encoding": "UTF8",
                  "standard_conforming_strings": "on", "TimeZone": "UTC", "DateStyle": "ISO, MDY",
                  "integer_datetimes": "on", "in_hot_standby": "off", "is_superuser": "off",
                  "application_name": "", "IntervalStyle": "postgres",
                  "default_transaction_read_only": "off", "session_authorization": "app"}
    return (message(b"R", struct.pack("!I", 0))
            + b"".join(message(b"S", f"{name}\0{value}\0".encode())
                       for name, value in parameters.items())
            + message(b"K", struct.pack("!II", number, number)) + message(b"Z", b"I"))


class IdleServer:
    """Greets, answers any query with nothing, on a thread of its own."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._count = 0
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096))
        self.address = server.sockets[0].getsockname()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _serve(self, reader, writer):
        try:
            size, = struct.unpack("!I", await reader.readexactly(4))
            await reader.readexactly(size - 4)
            self._count += 1
            writer.write(greeting(self._count))
            while kind := await reader.read(1):
                size, = struct.unpack("!I", await reader.readexactly(4))
                await reader.readexactly(size - 4)
                if kind == b"Q":
                    writer.write(message(b"C", b"SELECT 0\0") + message(b"Z", b"I"))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def resident(pid):
    """kB"""
    return int(re.search(r"^VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(),
                         re.M)[1])


def memory(way, counts):
    """{"1000": bytes a session, …}: how much more it is than without any."""
    return asyncio.run(_memory(way, counts))


async def _memory(way, counts):
    await _open(way, 1)     # what the first one brings is nobody's
    before, figures, writers = resident(way.pid), {}, []
    for count in counts:
        while len(writers) < count:
            more = min(AT_ONCE, count - len(writers))
            writers += await asyncio.gather(*(_open(way, n) for n in range(more)))
        figures[str(count)] = (resident(way.pid) - before) * 1024 / count
    for writer in writers:
        writer.close()
    return figures


async def _open(way, _):
    reader, writer = await asyncio.open_connection(way.address, way.port)
    writer.write(struct.pack("!II", len(STARTUP) + 8, 196608) + STARTUP)
    await _until_ready(reader)
    writer.write(QUERY)     # before it, pgbouncer has no server for the session
    await _until_ready(reader)
    return writer


async def _until_ready(reader):
    kind = None
    while kind != b"Z":
        kind = await reader.readexactly(1)
        size, = struct.unpack("!I", await reader.readexactly(4))
        body = await reader.readexactly(size - 4)
        if kind == b"E":
            raise RuntimeError(f"refused: {body}")
