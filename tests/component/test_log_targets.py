"""`log stdout` as containers have it, HAProxy beside novip: the same session, the same line."""

import re

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.servers import NamedServer, server_reached
from harness.wait import wait_for

pytestmark = pytest.mark.novip_only

BINARIES = ["/usr/sbin/haproxy", str(settings.BINARY)]

FILE = """
global
    log stdout format {form} local3 info
    log-tag pg
""" + DEFAULTS + """
    log global
    option tcplog
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1}
"""

SESSION = (r"127\.0\.0\.1:\d+ \[\d\d/\w{3}/\d{4}:[\d:.]+\] pool pool/s1 \d+/\d+/\d+ 3 -- "
           r"\d+/\d+/\d+/\d+/0 0/0")
LINES = {
    "raw": f"^{SESSION}$",
    "short": f"^<6>{SESSION}$",
    "rfc5424": rf"^<158>1 \d{{4}}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d \S+ pg \d+ - - {SESSION}$",
    "rfc3164": rf"^<158>\w{{3}} [ \d]\d [\d:]{{8}} (\S+ )?pg\[\d+\]: {SESSION}$",
    "timed": rf"^<6>\d{{4}}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d {SESSION}$",
    "priority": rf"^<158>{SESSION}$",   # 19 * 8 + 6: local3, info
}


@pytest.mark.parametrize("binary", BINARIES)
@pytest.mark.parametrize("form", ["raw", "short", "rfc5424", "rfc3164", "timed", "priority"])
def test_formats_of_stdout(start_proxy, cleanup, binary, form):
    s1 = cleanup.enter_context(NamedServer("s1"))
    port = free_port()
    proxy = start_proxy(FILE.format(form=form, port=port, s1=s1), binary=binary)
    assert server_reached(port) == "s1"
    wait_for(lambda: re.search(LINES[form], proxy.log.read_text(), re.M),
             f"the session is told as {form}")
