#!/usr/bin/python3
"""Runs the fuzzers of tests/fuzz (preset fuzz): each for some seconds, or, over as many runs as it
takes, until each has had hours of processor time without a finding."""

import argparse
import concurrent.futures
import dataclasses
import datetime
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(1, str(REPOSITORY / "bench"))

from common.markdown import table   # noqa: E402

BUILD = REPOSITORY / "build" / "fuzz"
SEEDS = REPOSITORY / "tests" / "fuzz" / "corpus"
TOTALS = REPOSITORY / "tests" / "fuzz" / "hours.json"
DOCUMENT = REPOSITORY / "docs" / "fuzzing.md"
SLICE = 240     # seconds until another fuzzer has its turn; the first ones go into its corpus
TIMEOUT = 10    # seconds an input may take
INTERRUPTED = 72    # libFuzzer's exit code when a signal asked it to end

TEXT = """\
# Fuzzing

Written by `./dev fuzz --hours`, which goes on where it stopped; last on {date}. Each of novip's own
parsers of bytes from outside has a target in `tests/fuzz`: libFuzzer, with AddressSanitizer and
UndefinedBehaviorSanitizer; an input may take 10 s and 2 GB. A target traps, too, when what it parses
breaks a promise of the parser (see its file). *Hours* are of processor time since its last finding,
which would set them back to 0; *edges* and *inputs* are what it covers and keeps by now.

{table}

CI runs each for 10 s.
"""


@dataclasses.dataclass
class Totals:
    """Of a target since its last finding."""
    seconds: float = 0.0    # of processor time
    runs: int = 0
    edges: int = 0
    inputs: int = 0
    findings: int = 0       # ever


def targets():
    found = sorted(path.stem for path in (REPOSITORY / "tests" / "fuzz").glob("fuzz_*.cpp"))
    missing = [name for name in found if not (BUILD / "tests" / "fuzz" / name).exists()]
    if missing:
        sys.exit(f"not built: {', '.join(missing)} (./dev build fuzz)")
    return found


class Hung(Exception):
    """A target did not end: libFuzzer's alarm hung (within malloc, say), after what it cannot tell."""


def execute(name, seconds, *arguments):
    """Runs a target, which should end within `seconds`. Returns its exit code, what it said, and
    the seconds of processor time that it used. Raises Hung."""
    command = [BUILD / "tests" / "fuzz" / name, "-rss_limit_mb=2048", f"-timeout={TIMEOUT}",
               f"-artifact_prefix={BUILD}/{name}-", *arguments]
    hung = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, errors="replace") as child:
        def end():
            hung.set()
            child.kill()
        watch = threading.Timer(seconds + 60, end)
        watch.start()
        said = child.stderr.read()
        watch.cancel()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if hung.is_set():
        raise Hung(f"{name}: libFuzzer's alarm hung")
    if child.returncode in (INTERRUPTED, -signal.SIGINT, -signal.SIGTERM):
        raise KeyboardInterrupt
    return child.returncode, said, used.ru_utime + used.ru_stime


def run(name, seconds):
    """Fuzzes a target. Returns its Totals of this run, and what it said. Raises Hung."""
    corpus = BUILD / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    code, said, used = execute(name, seconds, f"-max_total_time={seconds}", corpus,
                               SEEDS / name.removeprefix("fuzz_"))
    found = code != 0 and not machine_stood_still(name, said)
    return Totals(used, number(r"Done (\d+) runs", said), number(r" cov: (\d+)", said),
                  len(os.listdir(corpus)), int(found)), said


def machine_stood_still(name, said):
    """libFuzzer's timeout is by the clock, which goes on while others have the processor: whether the
    input that it blames passes when run again."""
    artifact = re.findall(r"Test unit written to (\S+-timeout-\w+)", said)
    try:
        if not artifact or execute(name, TIMEOUT, artifact[-1])[0] != 0:
            return False
    except Hung:
        return False
    print(f"{name}: the machine stood still for {TIMEOUT} s; the input passes when run again",
          flush=True)
    os.unlink(artifact[-1])
    return True


def number(pattern, text):
    """The last one that matches; 0: none."""
    return int((re.findall(pattern, text) or [0])[-1])


def report(name, said):
    artifact = re.findall(r"Test unit written to (\S+)", said)
    print(said[-6000:])
    print(f"{name} found something: {artifact[-1] if artifact else 'see above'}\n"
          f"again: build/fuzz/tests/fuzz/{name} FILE; mended, the input belongs in "
          f"tests/fuzz/corpus/{name.removeprefix('fuzz_')}", flush=True)


def run_once(names, seconds, jobs):
    """`jobs` of them at a time."""
    clean = True
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, (totals, said) in zip(names, pool.map(lambda name: run(name, seconds), names)):
            print(f"{name}: {totals.runs} runs in {seconds} s, {totals.edges} edges", flush=True)
            if totals.findings:
                report(name, said)
                clean = False
    return clean


class Campaign:
    """Gives its turn to the target with the least time, `jobs` of them at once, and keeps account
    in TOTALS."""

    def __init__(self, names, chosen, hours):
        read = json.loads(TOTALS.read_text()) if TOTALS.exists() else {}
        self._totals = {name: Totals(**read.get(name, {})) for name in names}
        self._chosen = chosen
        self._wanted, self._busy, self._lock = hours * 3600, set(), threading.Lock()
        self.clean = True

    def run(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for turn in [pool.submit(self._take_turns) for _ in range(jobs)]:
                turn.result()

    def _take_turns(self):
        while name := self._next():
            try:
                fresh, said = run(name, self._slice(name))
            except Hung as hung:    # by the clock: no finding, and no time that counts
                print(f"{hung}; the turn is not counted", flush=True)
                with self._lock:
                    self._busy.remove(name)
                continue
            with self._lock:
                self._busy.remove(name)
                self._account(name, fresh, said)

    def _slice(self, name):
        """Seconds by the clock, of which a little less is processor time."""
        left = self._wanted - self._totals[name].seconds
        return min(SLICE, math.ceil(1.03 * left))

    def _next(self):
        with self._lock:
            waiting = [name for name in self._chosen
                       if name not in self._busy and self._totals[name].seconds < self._wanted]
            if not self.clean or not waiting:
                return None
            name = min(waiting, key=lambda name: self._totals[name].seconds)
            self._busy.add(name)
            return name

    def _account(self, name, fresh, said):
        totals = self._totals[name]
        if fresh.findings:
            self._totals[name] = Totals(findings=totals.findings + 1)
            self.clean = False
            report(name, said)
        else:
            self._totals[name] = Totals(totals.seconds + fresh.seconds, totals.runs + fresh.runs,
                                        fresh.edges, fresh.inputs, totals.findings)
            left = sum(max(self._wanted - self._totals[each].seconds, 0) for each in self._chosen)
            print(f"{name}: {self._totals[name].seconds / 3600:.2f} h, {fresh.edges} edges; "
                  f"{left / 3600:.1f} h left in all", flush=True)
        self._write()

    def _write(self):
        TOTALS.write_text(json.dumps({name: dataclasses.asdict(totals)
                                      for name, totals in self._totals.items()}, indent=1) + "\n")
        lines = [(name, f"{totals.seconds / 3600:.2f}", f"{totals.runs / 1e6:.1f}", totals.edges,
                  totals.inputs, totals.findings) for name, totals in self._totals.items()]
        heads = ("target", "hours", "million runs", "edges", "inputs", "findings")
        DOCUMENT.write_text(TEXT.format(date=datetime.date.today(), table=table(heads, lines)))


def arguments():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each (default 60)")
    parser.add_argument("--hours", type=float, help="of processor time for each, counted over all "
                        "runs with --hours; writes docs/fuzzing.md")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(),
                        help="so many at once (default: one a core)")
    parser.add_argument("--only", metavar="TARGET", action="append", help="of tests/fuzz, without "
                        "fuzz_; may be repeated (default: all)")
    return parser.parse_args()


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = targets()
    chosen = [f"fuzz_{name}" for name in options.only or ()] or names
    if unknown := set(chosen) - set(names):
        sys.exit(f"no {', '.join(sorted(unknown))} in tests/fuzz, but {', '.join(names)}")
    if options.hours is None:
        try:
            return 0 if run_once(chosen, options.seconds, options.jobs) else 1
        except Hung as hung:
            sys.exit(str(hung))
    campaign = Campaign(names, chosen, options.hours)
    campaign.run(options.jobs)
    return 0 if campaign.clean else 1


if __name__ == "__main__":
    sys.exit(main())
