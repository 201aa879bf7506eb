#!/usr/bin/env python3
"""Checks the table of docs/ARCHITECTURE.md: which folder of src may include which. Exits 1 with every
violation as file:line."""
import pathlib
import re
import sys

ALLOWED = {
    "base": set(),
    "pgwire": {"base"},
    "config": {"base"},
    "net": {"base"},
    "cluster": {"base", "config"},
    "postgres": {"base", "cluster", "pgwire"},
    "tls": {"base", "config"},
    "probe": {"base", "config", "cluster", "net", "pgwire", "postgres", "tls"},
    "proxy": {"base", "config", "cluster", "net", "pgwire", "tls"},
    "agent": {"base", "config", "cluster", "net", "postgres", "tls"},
    "kernel": {"base", "config", "cluster", "net"},
    "admin": {"base", "config", "cluster", "net", "tls"},
    "console": {"base", "config"},
}
ALLOWED["app"] = set(ALLOWED)

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/')


def violations():
    for path in sorted(SOURCE.glob("*/*")):
        folder = path.parent.name
        if path.suffix not in (".h", ".cpp"):
            continue
        if folder not in ALLOWED:
            yield f"{path}: folder '{folder}' is not in the table of tools/check_includes.py"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match[1] != folder and match[1] not in ALLOWED[folder]:
                may = ", ".join(sorted(ALLOWED[folder])) or "nothing of ours"
                yield f"{path}:{number}: {folder} includes {match[1]}; it may include {may}"


found = list(violations())
print("\n".join(found) if found else "includes: every folder includes only what it may")
sys.exit(1 if found else 0)
