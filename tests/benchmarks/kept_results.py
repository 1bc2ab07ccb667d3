"""Where results are kept, and on which machine they were taken."""

import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "ai-edge-litert", "numpy")


def machine() -> dict[str, str]:
    """What decides how fast things are: the computer and the libraries."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": platform.python_version(),
    } | {name: version for name in _PACKAGES if (version := _version(name))}


def machine_line(described: dict[str, str]) -> str:
    """The same in one sentence."""
    known = ("platform", "processor", "cores", "memory")
    rest = [f"{key} {value}" for key, value in described.items() if key not in known]
    return (
        f"{described['platform']}; {described['processor']}, {described['cores']} "
        f"cores, {described['memory']}; {', '.join(rest)}."
    )


def read_results(name: str) -> dict[str, Any]:
    """Reads `results/NAME.json`; empty where there is none yet."""
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def write_results(name: str, values: dict[str, Any], table: str) -> None:
    """Writes `results/NAME.json` and `results/NAME.md`."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    (RESULTS / f"{name}.md").write_text(table, encoding="utf-8")


def same_machine(kept: dict[str, Any], described: dict[str, str]) -> None:
    """Makes sure that parts of a result were measured under the same conditions.

    Raises:
        SystemExit: they were not.
    """
    before = kept.get("machine", described)
    shared = before.keys() & described.keys()
    other = [key for key in shared if before[key] != described[key]]
    if other:
        raise SystemExit(
            f"The kept results come from another machine ({', '.join(sorted(other))} "
            "differ), and rows of two machines do not compare. Measure all rows with "
            "--fresh."
        )


def _processor() -> str:
    """The processor's model, as the system names it, and its widest vectors.

    Virtual machines often hide the model, and twice the width is half the time.
    """
    file = Path("/proc/cpuinfo")
    if not file.exists():
        return platform.processor() or platform.machine()
    told: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        told.setdefault(key.strip(), value.strip())
    flags = told.get("flags", "").split()
    known = {"avx512f": "AVX-512", "avx2": "AVX2"}
    widest = next((name for flag, name in known.items() if flag in flags), "")
    return " ".join(filter(None, (told.get("model name", ""), widest)))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
