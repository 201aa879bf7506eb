"""Who sees the statistics page, by a `userlist`: the same file for HAProxy and for novip."""

import base64
import concurrent.futures
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness import settings
from harness.configurations import DEFAULTS
from harness.ports import free_port
from harness.servers import NamedServer

BINARIES = ["/usr/sbin/haproxy", str(settings.BINARY)]

pytestmark = [pytest.mark.novip_only, pytest.mark.parametrize("binary", BINARIES)]

PEOPLE = """
userlist people
    group admin users ann
    group readers users bob,carl
    user ann password {hash}
    user bob insecure-password b0b
    user carl password {other}
"""

PAGE = DEFAULTS + PEOPLE + """
listen pool
    bind 127.0.0.1:{port}
    server s1 {s1}
listen stats
    mode http
    bind 127.0.0.1:{page}
    {rules}
    stats enable
    stats uri /
"""

STATS_RULES = """
    acl KNOWN http_auth(people)
    acl ADMIN http_auth_group(people) admin
    stats http-request auth unless KNOWN
    stats admin if ADMIN
"""


def hashed(password, kind):
    done = subprocess.run(["openssl", "passwd", kind, password], text=True, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.strip()


class Page:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, user=None, path="/;csv", data=None):
        """The status, what a password is asked for, the body, and where it leads."""
        request = urllib.request.Request(self.url + path, data=data)
        if user:
            request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
        if data:
            request.add_header("Origin", self.url)
        opener = urllib.request.build_opener(NoRedirect)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, None, answer.read().decode(), None
        except urllib.error.HTTPError as refused:
            return (refused.code, refused.headers["www-authenticate"], refused.read().decode(),
                    refused.headers["location"])

    def status(self, *arguments):
        return self.ask(*arguments)[0]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@pytest.fixture
def start_page(start_proxy, cleanup, binary):
    s1 = cleanup.enter_context(NamedServer("s1"))

    def start(rules):
        page = free_port()
        proxy = start_proxy(PAGE.format(port=free_port(), page=page, s1=s1, rules=rules,
                                        hash=hashed("ann's", "-6"), other=hashed("c", "-5")),
                            binary=binary)
        served = Page(page)
        served.proxy = proxy
        return served
    return start


def test_only_users_of_the_list_see_it(start_page):
    page = start_page(STATS_RULES)
    status, challenge, body, _ = page.ask()
    assert (status, challenge) == (401, 'Basic realm="HAProxy Statistics"')
    assert "pool" not in body
    for wrong in ("ann:x", "bob:", "bob:ann's", "nobody:b0b", "carl:b0b", "ann"):
        assert page.status(wrong) == 401, wrong
    for user in ("ann:ann's", "bob:b0b", "carl:c", "ann:ann's"):
        status, _, body, _ = page.ask(user)
        assert status == 200 and body.startswith("# pxname"), user


def test_only_their_group_gives_orders(start_page):
    page = start_page(STATS_RULES)
    assert 'name="action"' not in page.ask("bob:b0b", "/")[2]
    form = page.ask("ann:ann's", "/")[2]
    assert 'name="action"' in form or "name=action" in form
    order = urllib.parse.urlencode({"s": "s1", "action": "drain", "b": "pool"}).encode()
    denied = page.ask("bob:b0b", "/", order)
    assert denied[0] == 303 and denied[3].endswith(";st=DENY")
    assert page.proxy.api.status("pool")["s1"] == "no check"
    done = page.ask("ann:ann's", "/", order)
    assert done[0] == 303 and ";st=DONE" in done[3]
    assert page.proxy.api.status("pool")["s1"].startswith("DRAIN")


def test_the_realm_and_the_first_rule_that_holds(start_page):
    page = start_page("""
    acl near src 127.0.0.1
    stats http-request allow if near { http_auth_group(people) readers }
    stats http-request deny if { http_auth(people) }
    stats http-request auth realm Ours if near""")
    assert page.ask()[:2] == (401, 'Basic realm="Ours"')
    assert page.status("bob:b0b") == 200
    assert page.status("ann:ann's") == 403


def test_http_request_auth(start_page):
    page = start_page("http-request auth unless { http_auth(people) }")
    assert page.ask()[:2] == (401, 'Basic realm="stats"')
    assert page.status("carl:c") == 200


def test_hashing_keeps_nobody_waiting(start_page, binary):
    """Wrong passwords of a costly hash, many at a time: sessions and checks go on. HAProxy does
    that work where it does everything."""
    if binary == BINARIES[0]:
        pytest.skip("novip's own")
    page = start_page(STATS_RULES)
    slow = re.sub(r"\$6\$\S+", hashed_costly(), page.proxy.file.read_text())
    page.proxy.file.write_text(slow)
    assert page.proxy.api("reload").startswith("Success=1")
    with concurrent.futures.ThreadPoolExecutor(8) as guests:
        guesses = [guests.submit(page.status, f"ann:{number}") for number in range(8)]
        served = 0
        while not all(guess.done() for guess in guesses):
            page.proxy.api("show info")
            served += 1
        assert {guess.result() for guess in guesses} == {401}
    assert page.status("ann:ann's") == 200
    assert served > 5 * len(guesses)        # not one for each guess


def hashed_costly():
    """About a quarter of a second's work."""
    code = ("import crypt; print(crypt.crypt(\"ann's\", '$6$rounds=300000$salt'))")
    done = subprocess.run(["/usr/bin/python3", "-W", "ignore", "-c", code], text=True, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.strip()
