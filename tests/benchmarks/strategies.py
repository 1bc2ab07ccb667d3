"""Every strategy, and Automatic, on real photos: how good, and how long.

    python -m tests.benchmarks.strategies DATA… [--seeds 3]
        [--ways "head auto"] [--save]

A folder with `val/` is used as it is. Of another one the last fifth of every class
validates, in the order of the files' names, since consecutive files are often of the
same person and a random split would leak. Every run is a process with a warm engine
whose speed is known, and nothing kept from before; Automatic may take three minutes.
"""

import argparse
import dataclasses
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.augmentation import mean_and_error
from tests.benchmarks.children import folders, run_child
from tests.benchmarks.kept_results import (
    machine,
    machine_line,
    read_results,
    same_machine,
    write_results,
)
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.dataset import files_below
from tlgui.core.layers import parse_trainable
from tlgui.core.metrics import wilson_interval
from tlgui.core.spec import TrainingSpec

NAME, AUTO = "strategies", "auto"
_SECONDS = 170.0
# What may change, and the strategy.
WAYS: dict[str, tuple[str, str]] = {
    "head": ("head", "direct"),
    "lp-ft": ("last:4", "lp-ft"),
    "gradual": ("last:4", "gradual"),
    "discriminative": ("last:4", "discriminative"),
    "auto-rgn": ("last:4", "auto-rgn"),
    "direct": ("last:4", "direct"),
    "everything": ("all", "lp-ft"),
}


def with_validation(data: Path, place: Path) -> Path:
    """The folder itself, or links with the last fifth of each class in `val/`."""
    if (data / "val").is_dir():
        return data
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        files = sorted(files_below(folder))
        for number, file in enumerate(files):
            split = "val" if number >= 0.8 * len(files) else "train"
            target = place / split / folder.name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file)
    return place


def run_once(data: Path, way: str, seed: int) -> dict[str, Any]:
    """One training in this process."""
    from tlgui.core.events import never_stop
    from tlgui.ml.automatic import train_automatically
    from tlgui.ml.calibration import measure_speed
    from tlgui.ml.training import train
    from tlgui.ml.warm_up import warm_up

    warm_up(DEFAULT_BACKBONE)
    measure_speed()
    spec = TrainingSpec(str(data), seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        began = time.perf_counter()
        if way == AUTO:
            verdict = train_automatically(
                spec, lambda key: place / key, _SECONDS, lambda event: None
            )
            right, total = verdict.winner.right, verdict.winner.total
            told = list(verdict.sentences())
        else:
            trainable, strategy = WAYS[way]
            blocks = parse_trainable(trainable, find_backbone(spec.backbone).blocks)
            chosen = dataclasses.replace(spec, trainable=blocks, strategy=strategy)
            ended = train(chosen, place / "run", lambda event: None, never_stop)
            report = _evaluation(place / "run")
            right, total, told = report[0], report[1], [f"{ended.accuracy:.4f}"]
        seconds = time.perf_counter() - began
    return {"right": right, "total": total, "seconds": seconds, "told": told}


def _evaluation(folder: Path) -> tuple[int, int]:
    from tlgui.core.run import open_run

    answers = open_run(folder).evaluation().answers
    return sum(one.truth == one.predicted for one in answers), len(answers)


def measure(data: Path, way: str, seed: int, work: Path) -> Any:
    """One training in a process of its own, with nothing kept from before."""
    shutil.rmtree(work / "cache", ignore_errors=True)
    command = [sys.executable, "-m", "tests.benchmarks.strategies", str(data)]
    done = run_child([*command, "--child", f"{way} {seed}"], folders(work, "cache"))
    return done.told | {"peak_mb": done.peak_mb}


def table(values: dict[str, Any]) -> str:
    """Accuracy over the seeds, the interval of all answers together, and times."""
    lines = [
        machine_line(values["machine"]),
        "",
        f"Defaults of `tlgui train` (10 epochs, light augmentation, {DEFAULT_BACKBONE}"
        ") but for what may change and the strategy; nothing kept from before. Mean ± "
        "standard error over the seeds; the 95 % Wilson interval is that of the median "
        f"run. Automatic chooses the backbone too, within {_SECONDS:.0f} s.",
    ]
    if values.get("busy"):
        lines += ["", "The machine did other work meanwhile: the seconds say little."]
    lines += [
        "",
        "| photos | way | seeds | accuracy | interval | seconds, median | longest |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for data, ways in values["cases"].items():
        lines += [_line(data, way, runs) for way, runs in ways.items()]
    return "\n".join(lines) + "\n"


def _line(data: str, way: str, runs: Sequence[dict[str, Any]]) -> str:
    shares = [run["right"] / run["total"] for run in runs]
    mean, error = mean_and_error(shares)
    middle = sorted(runs, key=lambda run: run["right"])[len(runs) // 2]
    low, high = wilson_interval(middle["right"], middle["total"])
    times = [run["seconds"] for run in runs]
    return (
        f"| {data} | {way} | {len(runs)} | {mean:.4f} ± {error:.4f} | "
        f"{low:.3f} to {high:.3f} | {statistics.median(times):.0f} | "
        f"{max(times):.0f} |"
    )


def main() -> None:
    """Prints a table; with `--save` also keeps results and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ways", default=" ".join([*WAYS, AUTO]))
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--busy", action="store_true", help="other work goes on")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        way, seed = chosen.child.split()
        print(json.dumps(run_once(chosen.data[0], way, int(seed))))
        return
    kept, described = {} if chosen.fresh else read_results(NAME), machine()
    same_machine(kept, described)
    values = {"machine": described, "cases": kept.get("cases", {})}
    values["busy"] = chosen.busy or kept.get("busy", False)
    with tempfile.TemporaryDirectory() as folder:
        for data in chosen.data:
            place = Path(folder) / data.name
            used = with_validation(data.absolute(), place / "photos")
            ways = values["cases"].setdefault(data.name, {})
            for way in chosen.ways.split():
                ways[way] = []
                for seed in range(chosen.seeds):
                    ways[way].append(measure(used, way, seed, place))
                    print(data.name, way, seed, ways[way][-1], flush=True)
                if chosen.save:
                    write_results(NAME, values, table(values))
    print(table(values))


if __name__ == "__main__":
    main()
