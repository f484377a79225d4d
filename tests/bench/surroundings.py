"""The machine that measures, and the files that keep what it measured."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from targets import FIGURES


def machine() -> dict[str, str]:
    """Describe the machine, and how busy it is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return {
        "machine": f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release().partition('-')[0]}",
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def write(name: str, told: dict[str, Any]) -> None:
    """Keep the figures of a job."""
    FIGURES.mkdir(exist_ok=True)
    # A line for each row, so that a difference can be read.
    text = json.dumps(told, ensure_ascii=False, indent=2)
    (FIGURES / f"{name}.json").write_text(text + "\n")


def spent(process: int) -> int:
    """Return the nanoseconds that all threads of a process were on a CPU."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{process}/task").iterdir())
