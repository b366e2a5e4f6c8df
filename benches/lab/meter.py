"""What a server costs: processor time and resident memory of all its processes.

Promise: only the server's own processes are counted, workers and children
included, publishers and viewers not. Processor time comes from the kernel's
per-process clock (user and system, all threads, to the nanosecond): the
hundredths of a second in /proc/PID/stat are too coarse for one cheap stream.
"""

from __future__ import annotations

import os
import pathlib
import time


def family(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        parent = int(stat.rsplit(")", 1)[1].split()[1])
        children.setdefault(parent, []).append(int(entry.name))
    found, open_ends = [root], [root]
    while open_ends:
        open_ends = [child for pid in open_ends for child in children.get(pid, [])]
        found += open_ends
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of these processes so far."""
    total = 0.0
    for pid in pids:
        try:
            total += time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3)
        except OSError:
            pass
    return total


def reaped_seconds(pid: int) -> float:
    """User and system time of a process's children that are over and were waited for; to a hundredth."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pids: list[int]) -> int:
    """VmRSS, summed; pages that workers share count once for each."""
    total = 0
    for pid in pids:
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


class Load:
    """What the rest of the machine does meanwhile: quoted beside every figure."""

    def __init__(self):
        self.busy, self.all = self._read()

    def percent(self) -> float:
        """Busy share of the whole machine since the last call."""
        busy, everything = self._read()
        share = (busy - self.busy) / max(1, everything - self.all) * 100
        self.busy, self.all = busy, everything
        return share

    @staticmethod
    def _read() -> tuple[int, int]:
        fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        idle = fields[3] + fields[4]
        return sum(fields) - idle, sum(fields)


def machine() -> str:
    """Cores, processor and kernel, in one line; no names of hosts."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    kernel = os.uname().release.split("-")[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {model}, {memory:.0f} GiB, Linux {kernel}"
