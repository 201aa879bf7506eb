"""A name server whose answers a test may change."""

import socket
import struct
import threading


class NameServer:
    """Answers each question for an A record with `addresses`, whatever the name; with none of
    another type."""

    def __init__(self, addresses):
        self.addresses = list(addresses)
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                request, client = self._socket.recvfrom(4096)
                self._socket.sendto(self._answer(request), client)
            except OSError:
                return      # closed

    def _answer(self, request):
        end = request.index(b"\0", 12) + 5      # of the first question
        kind = struct.unpack("!H", request[end - 4:end - 2])[0]
        addresses = self.addresses if kind == 1 else []
        records = b"".join(
            struct.pack("!HHHIH", 0xc00c, 1, 1, 1, 4) + socket.inet_aton(address)
            for address in addresses)
        flags = 0x8180      # an answer, recursion as asked for
        head = request[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0)
        return head + request[12:end] + records

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
