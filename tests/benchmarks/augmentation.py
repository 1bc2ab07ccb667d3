"""Kept views against fresh random changes: how good, and how long.

    python -m tests.benchmarks.augmentation DATA… [--seeds 5]
        [--trainable "head last:2"] [--save]

Light augmentation both times, with the defaults of `tlgui train`. *Kept* is what the
program does: a few variations of every photo whose activations are kept. *Streaming*
changes every photo anew in every epoch and keeps nothing. A seed decides the split,
the head's start and the variations, and both ways run with the same seeds. Each run is
a process with a warm engine and nothing kept from before.
"""

import argparse
import contextlib
import json
import math
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.benchmarks.children import folders, run_child
from tests.benchmarks.kept_results import (
    machine,
    machine_line,
    read_results,
    same_machine,
    write_results,
)
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.layers import parse_trainable
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION

NAME = "augmentation"
KEPT, STREAMING = "kept", "streaming"


def run_once(data: Path, trainable: str, seed: int, way: str) -> dict[str, Any]:
    """One run in this process: validation accuracy of the kept model, and seconds."""
    from tlgui.core.events import SourceChosen, never_stop
    from tlgui.ml.cache_store import CacheStore
    from tlgui.ml.training import train
    from tlgui.ml.warm_up import warm_up

    warm_up(DEFAULT_BACKBONE)
    dataset = scan(data, IMAGE_CLASSIFICATION)
    blocks = parse_trainable(trainable, find_backbone(DEFAULT_BACKBONE).blocks)
    spec = TrainingSpec(str(data), trainable=blocks, seed=seed, augmentation="light")
    sources: list[Any] = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if way == STREAMING:  # what has no room on the disk is not kept
            stack.enter_context(patch.object(CacheStore, "limit", return_value=0))
        began = time.perf_counter()
        ended = train(spec, Path(folder) / "run", sources.append, never_stop, dataset)
        seconds = time.perf_counter() - began
    kept = [event.cached for event in sources if isinstance(event, SourceChosen)]
    if all(kept) != (way == KEPT):
        raise RuntimeError(f"expected the photos to be {way}, found {kept}")
    return {"accuracy": ended.accuracy, "loss": ended.loss, "seconds": seconds}


def measure(data: Path, trainable: str, seed: int, way: str, work: Path) -> Any:
    """One run in a process of its own, with nothing kept from before."""
    shutil.rmtree(work / "cache", ignore_errors=True)
    module = [sys.executable, "-m", "tests.benchmarks.augmentation", str(data)]
    chosen = ["--trainable", trainable, "--child", f"{seed} {way}"]
    done = run_child([*module, *chosen], folders(work, "cache"))
    return done.told | {"peak_mb": done.peak_mb}


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and its standard error: s / sqrt(n)."""
    if len(values) < 2:
        return statistics.fmean(values), math.nan
    error = statistics.stdev(values) / math.sqrt(len(values))
    return statistics.fmean(values), error


def table(values: dict[str, Any]) -> str:
    """Accuracies with standard errors, their difference, and times."""
    lines = [
        machine_line(values["machine"]),
        "",
        "Light augmentation, 10 epochs, defaults; mean ± standard error over the "
        "seeds. The difference is kept − streaming, paired by seed; it passes if it is "
        "no worse than minus one standard error of streaming's mean.",
        *_busy(values),
        "",
        "| photos | may change | seeds | kept views | streaming | difference | passes "
        "| seconds, kept | streaming | times faster |",
        "|---|---|--:|--:|--:|--:|---|--:|--:|--:|",
    ]
    lines += [_line(name, case) for name, case in values["cases"].items()]
    return "\n".join(lines) + "\n"


def _busy(values: dict[str, Any]) -> list[str]:
    if not values.get("busy"):
        return []
    return ["", "The machine did other work meanwhile: the seconds say nothing."]


def _line(name: str, case: dict[str, list[dict[str, float]]]) -> str:
    found = {way: [run["accuracy"] for run in case[way]] for way in (KEPT, STREAMING)}
    times = [
        statistics.median(r["seconds"] for r in case[w]) for w in (KEPT, STREAMING)
    ]
    kept, streaming = mean_and_error(found[KEPT]), mean_and_error(found[STREAMING])
    pairs = zip(found[KEPT], found[STREAMING], strict=True)
    difference, error = mean_and_error([ours - theirs for ours, theirs in pairs])
    passes = "yes" if difference >= -streaming[1] else "no"
    photos, _, trainable = name.partition(" ")
    return (
        f"| {photos} | {trainable} | {len(found[KEPT])} | {_plus_minus(*kept)} | "
        f"{_plus_minus(*streaming)} | {_plus_minus(difference, error, sign='+')} | "
        f"{passes} | {times[0]:.1f} | {times[1]:.1f} | {times[1] / times[0]:.1f} |"
    )


def _plus_minus(mean: float, error: float, sign: str = "") -> str:
    return f"{mean:{sign}.4f} ± {error:.4f}"


def main() -> None:
    """Prints a table; with `--save` also keeps results and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trainable", default="head", help="separated by spaces")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--busy", action="store_true", help="other work goes on")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        seed, way = chosen.child.split()
        found = run_once(chosen.data[0], chosen.trainable, int(seed), way)
        print(json.dumps(found))
        return
    kept = {} if chosen.fresh else read_results(NAME)
    described = machine()
    same_machine(kept, described)
    values = {"machine": described, "cases": kept.get("cases", {})}
    values["busy"] = chosen.busy or kept.get("busy", False)
    with tempfile.TemporaryDirectory() as folder:
        for data in chosen.data:
            for trainable in chosen.trainable.split():
                run_case(data, trainable, chosen.seeds, Path(folder), values["cases"])
                text = table(values)
                print(text)
                if chosen.save:
                    write_results(NAME, values, text)


def run_case(
    data: Path, trainable: str, seeds: int, work: Path, cases: dict[str, Any]
) -> None:
    """Both ways for every seed, in turns."""
    case: dict[str, list[Any]] = {KEPT: [], STREAMING: []}
    # Has the frozen layers converted, as a warmed-up engine has them.
    measure(data, trainable, 0, KEPT, work)
    for seed in range(seeds):
        for way, found in case.items():
            found.append(measure(data, trainable, seed, way, work))
            last = found[-1]
            print(
                f"{data.name} {trainable} seed {seed} {way:10}"
                f"{last['accuracy']:8.4f}{last['seconds']:8.1f} s",
                flush=True,
            )
    cases[f"{data.name} {trainable}"] = case


if __name__ == "__main__":
    main()
