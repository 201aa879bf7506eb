"""The deck's pgsql-state, for runs on HAProxy: novip has the service inside."""

import socketserver
import threading

import psycopg

QUERY = "SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'production' END"


class StateService:
    """Answers each connection with what a new psql would print, then closes."""

    def __init__(self, address, port, conninfo):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    with psycopg.connect(conninfo, connect_timeout=2) as connection:
                        answer = connection.execute(QUERY).fetchone()[0]
                except psycopg.Error as error:
                    answer = f"psql: error: {error}"
                self.request.sendall(answer.encode() + b"\n")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass  # HAProxy closes as soon as it has matched

        self._server = Server((address, port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
