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
