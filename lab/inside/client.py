"""Runs in a node: a client that works all the time, and prints a line of JSON for each thing that
happens to it. client.py NAME write|read HOSTS PORT"""

import json
import os
import sys
import threading
import time

import psycopg

PAUSE = 0.05            # seconds between two requests
# A client that is not told is to notice by itself after 2 s.
CONNECTION = dict(user="postgres", dbname="postgres", autocommit=True, keepalives_idle=1,
                  keepalives_interval=1, keepalives_count=2, tcp_user_timeout=2000)


def tell(**what):
    print(json.dumps({"time": time.time(), **what}), flush=True)


def reason(error):
    """The last sentence is the server's or the proxy's, libpq's explanations left out."""
    lines = str(error).strip().replace("consuming input failed: ", "").splitlines()
    return lines[0].strip()[:200] if lines else type(error).__name__


class Client:
    def __init__(self, name, writes, hosts, port):
        self.name, self.writes, self.hosts, self.port = name, writes, hosts.split(","), port
        self.connection, self.server, self.number = None, None, 0

    def connect(self):
        began = time.time()
        # Connecting takes as long as the proxy holds it; who has a choice of proxies waits less.
        self.connection = psycopg.connect(
            host=self.hosts[0], port=self.port, application_name=self.name,
            connect_timeout=3 if len(self.hosts) > 1 else 35, **CONNECTION)
        self.server, recovering = self.connection.execute(
            "SELECT host(inet_server_addr()), pg_is_in_recovery()").fetchone()
        tell(event="connected", server=self.server, recovering=recovering, began=began)

    def request(self):
        if self.connection is None:
            self.connect()
        if self.writes:
            self.number += 1
            self.connection.execute("INSERT INTO writes VALUES (%s, %s)", (self.name, self.number))
            tell(event="ok", number=self.number, server=self.server)
        else:
            recovering, = self.connection.execute("SELECT pg_is_in_recovery()").fetchone()
            tell(event="ok", server=self.server, recovering=recovering)

    def give_up(self):
        """The next attempt is made at the next proxy."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.hosts = self.hosts[1:] + self.hosts[:1]

    def work(self):
        while True:
            try:
                self.request()
            except psycopg.Error as error:
                tell(event="error", text=reason(error), sqlstate=error.sqlstate, server=self.server)
                self.give_up()
            time.sleep(PAUSE)


def end_with_the_lab():
    """Whoever started this client holds its standard input open."""
    sys.stdin.read()
    os._exit(0)


name, kind, hosts, port = sys.argv[1:]
threading.Thread(target=end_with_the_lab, daemon=True).start()
Client(name, kind == "write", hosts, port).work()
