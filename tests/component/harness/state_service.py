"""The deck's pgsql-state, for runs on HAProxy: novip has the service inside.

A process of its own: python3 state_service.py ADDRESS PORT CONNINFO
"""

import socketserver
import sys

import psycopg

QUERY = "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'production' END"


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Handler(socketserver.BaseRequestHandler):
    """Answers a connection with what a new psql would print, then closes."""

    def handle(self):
        try:
            with psycopg.connect(sys.argv[3], connect_timeout=2) as connection:
                answer = connection.execute(QUERY).fetchone()[0]
        except psycopg.Error as error:
            answer = f"psql: error: {error}"
        try:
            self.request.sendall(answer.encode() + b"\n")
        except OSError:
            pass    # the check gave up


if __name__ == "__main__":
    Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever(0.05)
