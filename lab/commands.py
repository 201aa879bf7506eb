"""Programs of this machine that the lab runs."""

import subprocess

from progress import LabError


def run(*command, **options):
    """Runs a program to its end and returns what it said; its failure is a LabError."""
    result = subprocess.run([str(word) for word in command], text=True, capture_output=True,
                            stdin=None if "input" in options else subprocess.DEVNULL, **options)
    if result.returncode != 0:
        said = (result.stderr.strip() or result.stdout.strip())[-2000:]
        raise LabError(f"{' '.join(str(word) for word in command)[:300]}: "
                       f"exit code {result.returncode}\n{said}")
    return result.stdout


def succeeds(*command):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True).returncode == 0
