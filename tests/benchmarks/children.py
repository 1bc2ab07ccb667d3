"""Runs a measurement as a process of its own: what it told, how long, how much memory.

The peak is the kernel's own count of resident memory for that very process
(`ru_maxrss`), so that it counts memory-mapped files as far as they were touched.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TOLD = 2_000
# The repository's root: children import this package from there.
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Finished:
    """A process that ended well.

    Attributes:
        told: the JSON object on the last line that it printed; empty without one.
        seconds: from before it started until it was gone.
        peak_mb: the most memory that it used, in megabytes.
    """

    told: dict[str, Any]
    seconds: float
    peak_mb: float


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> Finished:
    """Runs a command to its end.

    Args:
        command: program and arguments.
        environment: added to our own.

    Raises:
        RuntimeError: it failed; with the end of what it wrote to stderr.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as trouble:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=out,
            stderr=trouble,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            end = _text(trouble)[-_TOLD:]
            raise RuntimeError(f"{command} ended with {process.returncode}: {end}")
        return Finished(_last_object(_text(out)), seconds, megabytes(usage.ru_maxrss))


def megabytes(maxrss: int) -> float:
    """From the unit of `ru_maxrss`, which is kilobytes except on a Mac."""
    return maxrss / 1e6 if sys.platform == "darwin" else maxrss * 1024 / 1e6


def folder_megabytes(folder: Path) -> float:
    """The size of all files below a folder; 0 where there is none."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def folders(work: Path, cache: str) -> dict[str, str]:
    """The environment of a measurement that keeps its things below a work folder."""
    return {
        "TLGUI_CACHE_DIR": str(work / cache),
        "TLGUI_PREFIX_DIR": str(work / "prefixes"),
        "TLGUI_CONFIG_DIR": str(work / "config"),
        "TLGUI_WEIGHTS_DIR": str(work / "weights"),
        "TLGUI_LOG_DIR": str(work / "log"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def _last_object(text: str) -> dict[str, Any]:
    last = (text.splitlines() or [""])[-1]
    if not last.startswith("{"):
        return {}
    found: dict[str, Any] = json.loads(last)
    return found
