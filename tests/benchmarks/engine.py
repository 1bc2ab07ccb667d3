"""The fast engine beside the plain ways, on one machine, as ratios.

    python -m tests.benchmarks.engine DATA [--rounds 3] [--rows head,command] [--save]
        [--torch PYTHON] [--plot-only]

Every measurement is a process of its own. Rows of a warm engine have TensorFlow
imported and the backbone built before the clock starts; rows of whole commands count
from before the process starts until it is gone. The ways take turns, and the median
of the rounds counts. A round ends with the results written, so that a long benchmark
can be done in parts: `--rows` takes groups (head, command, light, epoch, torch), rows
(head.limit) or patterns (head.ours-*), and leaves the others' results as they are.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.children import (
    ROOT,
    Finished,
    folder_megabytes,
    folders,
    run_child,
)
from tests.benchmarks.engine_plot import draw_engine
from tests.benchmarks.engine_rows import ROWS, Forget, Row, Way, choose_rows
from tests.benchmarks.engine_table import engine_table
from tests.benchmarks.guide import LEARNING_RATE
from tests.benchmarks.kept_results import (
    machine,
    read_results,
    same_machine,
    write_results,
)

NAME = "engine"


def command_of(row: Row, data: Path, run: Path, torch: str) -> list[str]:
    """The command that does a row's work."""
    chosen = ["--trainable", row.trainable, "--epochs", str(row.epochs)]
    match row.way:
        case Way.KERAS_COMMAND:
            guide = [sys.executable, "-m", "tests.benchmarks.guide", str(data)]
            return [*guide, *chosen, *(["--xla"] if row.xla else [])]
        case Way.OUR_COMMAND:
            ours = [sys.executable, "-m", "tlgui", "train", str(data)]
            ours += ["--out", str(run), "--augment", row.augmentation]
            return [*ours, *chosen, "--learning-rate", str(LEARNING_RATE)]
        case Way.TORCH:
            script = str(ROOT / "tests" / "benchmarks" / "torch_way.py")
            mode = ["--mode", row.trainable, "--epochs", str(row.epochs)]
            return [torch, script, str(data), *mode]
    module = "tests.benchmarks.engine_ways"
    return [sys.executable, "-m", module, str(data), row.key]


def measure(row: Row, data: Path, work: Path, torch: str) -> dict[str, Any]:
    """One measurement: seconds, ends of epochs, peak memory, what is kept."""
    cache, run = work / row.cache, work / "run"
    shutil.rmtree(run, ignore_errors=True)
    if row.forget is not Forget.NOTHING:
        shutil.rmtree(cache, ignore_errors=True)
    environment = folders(work, row.cache)
    if row.way is Way.OUR_COMMAND:  # its converted layers are its own
        environment["TLGUI_PREFIX_DIR"] = str(work / "command-prefixes")
        if row.forget is Forget.EVERYTHING:
            shutil.rmtree(work / "command-prefixes", ignore_errors=True)
    done = run_child(command_of(row, data, run, torch), environment)
    kept = folder_megabytes(cache) if row.way in (Way.OURS, Way.OUR_COMMAND) else 0.0
    found = {"seconds": _seconds(row, done), "peak_mb": done.peak_mb, "cache_mb": kept}
    for key in ("ends", "first_batch"):
        if key in done.told:
            found[key] = done.told[key]
    return found


def _seconds(row: Row, done: Finished) -> float:
    """The whole process for a command, else what the clock inside of it says."""
    if row.way in (Way.KERAS_COMMAND, Way.OUR_COMMAND):
        return done.seconds
    return float(done.told.get("seconds", (done.told.get("ends") or [0])[-1]))


def prepare(rows: list[Row], data: Path, work: Path) -> None:
    """Has frozen layers converted and compared once, as a warmed-up engine has them.

    Whatever a person's very first run adds to this shows in `command.ours-ever`.
    """
    needed = [row for row in rows if row.way in (Way.OURS, Way.LIMIT)]
    for trainable in dict.fromkeys(row.trainable for row in needed):
        stand_in = next(
            row
            for row in ROWS.values()
            if row.way is Way.OURS and row.trainable == trainable
        )
        measure(stand_in, data, work, "")
        shutil.rmtree(work / stand_in.cache, ignore_errors=True)


def torch_version(python: str) -> dict[str, str]:
    """What is told of the interpreter that has PyTorch."""
    if not python:
        return {}
    code = "import torch; print(torch.__version__)"
    told = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    )
    return {"torch": told.stdout.strip()}


def write(values: dict[str, Any], *, save: bool) -> None:
    """Prints the table, and keeps it with its picture."""
    text = engine_table(values)
    print(text)
    if save:
        write_results(NAME, values, text)
        draw_engine(values)


def run_rounds(chosen: argparse.Namespace, work: Path, values: dict[str, Any]) -> None:
    """Measures every chosen row once a round and adds it to the results."""
    rows = choose_rows(chosen.rows, with_torch=bool(chosen.torch))
    prepare(rows, chosen.data, work)
    for row in rows:
        values["rows"][row.key] = []
    for number in range(1, chosen.rounds + 1):
        for row in rows:
            found = measure(row, chosen.data, work, chosen.torch)
            values["rows"][row.key].append(found)
            print(f"{number} {row.key:34}{found['seconds']:9.2f} s", flush=True)
        write(values, save=chosen.save)


def main() -> None:
    """Prints tables; with `--save` also keeps results, tables and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=lambda text: text.split(","), default=[])
    parser.add_argument("--torch", default="", metavar="PYTHON")
    parser.add_argument("--work", type=Path, help="folder of caches while measuring")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--plot-only", action="store_true")
    chosen = parser.parse_args()
    kept = {} if chosen.fresh else read_results(NAME)
    if chosen.plot_only:
        write(kept, save=True)
        return
    if chosen.data is None:
        parser.error("DATA is needed, unless the results are only drawn anew")
    if chosen.work is not None:
        chosen.work.mkdir(parents=True, exist_ok=True)
    described = machine() | torch_version(chosen.torch)
    same_machine(kept, described)
    values = {
        "machine": kept.get("machine", {}) | described,
        "rows": kept.get("rows", {}),
    }
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        run_rounds(chosen, Path(folder), values)


if __name__ == "__main__":
    main()
