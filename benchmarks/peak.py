"""The peak memory of a process, for benchmarks that measure in a process of their own."""

from __future__ import annotations

import resource
from pathlib import Path


def measure_peak() -> float:
    """The peak memory of this process in MB.

    Of Linux's two figures the one that ``exec`` resets: the other begins with the parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
