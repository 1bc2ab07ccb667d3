"""Validation accuracy, time and memory of `tlgui train` with the defaults.

python -m tests.benchmarks.accuracy DATA [--seeds 3] [-- OPTION…]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Trains once a seed and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("options", nargs="*")
    chosen = parser.parse_args()
    print(f"{'seed':>4}{'accuracy':>10}{'epoch':>7}{'seconds':>9}{'peak MB':>9}")
    for seed in range(chosen.seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            command = [sys.executable, "-m", "tlgui", "train", str(chosen.data)]
            command += ["--out", str(run), "--seed", str(seed), *chosen.options]
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds = time.perf_counter() - began
            report = json.loads((run / "report.json").read_text(encoding="utf-8"))
        print(
            f"{seed:4}{report['validation']['accuracy']:10.4f}"
            f"{report['best_epoch']:7}{seconds:9.1f}"
            f"{(report['peak_memory_bytes'] or 0) / 1e6:9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
