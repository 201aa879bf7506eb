"""-c and its messages, -v, several files, environment variables."""

import os
import subprocess

import pytest

from harness import settings
from harness.ports import free_port
from harness.proxy import SANITIZER
from harness.servers import NamedServer, server_reached

GOOD = """
defaults
    mode tcp
    timeout connect 1s
    timeout client 1s
    timeout server 1s
listen a
    bind 127.0.0.1:5432
    server s1 127.0.0.1:5434 check
"""

# Line numbers matter: the test looks for them.
BAD = """\
global
    maxcon 100
listen a
    mode tcp
    bind 127.0.0.1:99999
    balanse roundrobin
    server s1 127.0.0.1:5434 chek
listen b
    bind 127.0.0.1:5433
    timeout conect 5s
"""


def run(*arguments, **environment):
    done = subprocess.run([str(word) for word in (settings.BINARY, *arguments)], text=True,
                          capture_output=True, timeout=20, env={**os.environ, **environment})
    output = done.stdout + done.stderr
    assert not SANITIZER.search(output), output
    return done.returncode, output


@pytest.fixture
def write(folder):
    def write(name, text):
        path = folder / name
        path.write_text(text)
        return path
    return write


def test_a_good_file(write):
    assert run("-c", "-f", write("good.cfg", GOOD))[0] == 0
    code, output = run("-c", "-V", "-f", write("good.cfg", GOOD))
    assert code == 0 and "Configuration file is valid" in output


def test_all_errors_of_a_file_are_told_at_once(write):
    code, output = run("-c", "-f", write("bad.cfg", BAD))
    assert code == 1
    for line in (2, 5, 6, 7, 10):
        assert f"bad.cfg:{line}" in output
    assert "maxconn" in output and "balance" in output      # the nearest known words


@pytest.mark.novip_only
def test_what_is_not_supported_is_refused_with_a_reason(write):
    code, output = run("-c", "-f", write("more.cfg", GOOD + "    stick store-response src\n"))
    assert code == 1
    assert "more.cfg:10" in output and "inspects no traffic" in output


@pytest.mark.novip_only
def test_what_is_for_http_only_is_told(write):
    _, output = run("-c", "-f", write("http.cfg", GOOD + "    http-request deny\n"))
    assert "http.cfg:10" in output and "HTTP only" in output


def test_a_missing_file(folder):
    code, output = run("-c", "-f", folder / "missing.cfg")
    assert code == 1 and "missing.cfg" in output


def test_an_address_that_is_taken(write):
    with NamedServer("taken") as server:
        text = GOOD.replace("127.0.0.1:5432", str(server))
        assert run("-c", "-f", write("taken.cfg", text))[0] == 0
        code, output = run("-db", "-f", write("taken.cfg", text))
    assert code == 1 and str(server.port) in output


def test_version():
    code, output = run("-v")
    assert code == 0 and "version" in output.lower()


def test_several_files_folders_and_the_environment(start_proxy, write, folder, cleanup):
    server = cleanup.enter_context(NamedServer("s1"))
    port = free_port()
    (folder / "more").mkdir()
    (folder / "more" / "20.cfg").write_text('listen a\n    bind "${WHERE}"\n'
                                            '    server s1 "${TARGET_HOST-127.0.0.1}":${TARGET}\n')
    (folder / "more" / "ignored.txt").write_text("nonsense")
    start_proxy(GOOD.split("listen")[0],
                "-f", folder / "more",
                env={**os.environ, "WHERE": f"127.0.0.1:{port}", "TARGET": str(server.port)})
    assert server_reached(port) == "s1"
