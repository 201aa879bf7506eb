"""What a benchmark runs on, and what it takes of it."""

import datetime
import os
import pathlib
import platform
import subprocess

from harness import settings


def environment():
    processor = next((line.split(":", 1)[1].strip()
                      for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
    version = subprocess.run([settings.postgres_program("postgres"), "--version"], text=True,
                             capture_output=True, check=True).stdout.strip()
    return {"date": datetime.date.today().isoformat(),
            "machine": f"{os.cpu_count()} cores of {processor}, Linux {platform.release()}",
            "postgresql": version, "load_before": round(os.getloadavg()[0], 2)}


def processor_time(pid):
    """Nanoseconds that all threads of a process ran."""
    return sum(int(path.read_text().split()[0])
               for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))


def process_time(pid):
    """Seconds that a process, which runs, was given so far: user, system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return tuple(int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:13])


def machine_time():
    """Seconds that all processors together were not idle, since they started."""
    user, nice, system, _, _, irq, softirq = map(
        int, pathlib.Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
