"""Much data, many clients."""

import asyncio
import hashlib
import random
import struct

import psycopg
import pytest

from harness import settings

GIGABYTE = 1 << 30
ROW = 16384


def rows(total):
    """COPY text rows of about `total` bytes, no two alike, in blocks of a megabyte."""
    pool = random.Random(7).randbytes(1 << 22).hex()
    block = []
    for number in range(total // ROW):
        start = number * 7919 % (len(pool) - ROW)
        block.append(f"{number}\t{pool[start:start + ROW]}\n")
        if len(block) == 64:
            yield "".join(block).encode()
            block.clear()
    yield "".join(block).encode()


@pytest.mark.timeout(240 * settings.PATIENCE)
@pytest.mark.parametrize("sslmode", ["disable", "require"])
def test_copy_of_a_gigabyte_each_way_byte_for_byte(cluster, sslmode):
    sent, received = hashlib.blake2b(), hashlib.blake2b()
    conninfo = f"{cluster['srv3'].conninfo_of('prod')} sslmode={sslmode}"
    with psycopg.connect(conninfo, autocommit=True) as session:
        session.execute("DROP TABLE IF EXISTS volume")
        session.execute("CREATE UNLOGGED TABLE volume (n int, payload text)")
        session.execute("ALTER TABLE volume ALTER payload SET STORAGE EXTERNAL")
        with session.cursor() as cursor:
            with cursor.copy("COPY volume FROM STDIN") as copy:
                for block in rows(settings.scaled(GIGABYTE)):
                    sent.update(block)
                    copy.write(block)
            with cursor.copy("COPY (SELECT * FROM volume ORDER BY n) TO STDOUT") as copy:
                for row in copy:
                    received.update(row)
        session.execute("DROP TABLE volume")
    assert received.hexdigest() == sent.hexdigest()


class Client:
    """The least of PostgreSQL's protocol, so that thousands fit in one process."""

    async def open(self, address, port):
        self.reader, self.writer = await asyncio.open_connection(address, port)
        body = struct.pack("!I", 196608) + b"user\0app\0database\0app\0\0"
        self.writer.write(struct.pack("!I", len(body) + 4) + body)
        await self._until_ready()
        return self

    async def echo(self, number):
        body = f"SELECT {number}".encode() + b"\0"
        self.writer.write(b"Q" + struct.pack("!I", len(body) + 4) + body)
        row = (await self._until_ready())[b"D"]
        return int(row[6:])     # one column: count, length, text

    async def _until_ready(self):
        seen = {}
        while b"Z" not in seen:
            kind = await self.reader.readexactly(1)
            size, = struct.unpack("!I", await self.reader.readexactly(4))
            seen[kind] = await self.reader.readexactly(size - 4)
            assert kind != b"E", seen[kind]
        return seen


@pytest.mark.timeout(180 * settings.PATIENCE)
def test_two_thousand_clients_at_once(cluster):
    count = settings.sessions_at_once(2000)
    node = cluster["srv2"]

    async def main():
        # So few at a time that PostgreSQL, forking, still answers the agent within its second.
        places = asyncio.Semaphore(20)

        async def open_one():
            async with places:
                return await Client().open(node.address, node.ports.prod)

        clients = await asyncio.gather(*(open_one() for _ in range(count)))
        try:
            answers = await asyncio.gather(*(client.echo(number)
                                             for number, client in enumerate(clients)))
            at_once = int(node.proxy.api.stat()["prod", "srv1"]["scur"])
        finally:
            for client in clients:
                client.writer.close()
        return answers, at_once

    answers, at_once = asyncio.run(main())
    assert answers == list(range(count))
    assert at_once >= count
