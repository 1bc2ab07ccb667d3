"""Seconds that were foretold against seconds that it took, backbone by cut.

    python -m tests.benchmarks.costs [--save]

The speed of this computer is measured as the program does it (two short trainings of
parts of EfficientNet-Lite0). Then some steps of each backbone and cut are timed, with
random activations in front of the cut and random weights, which take as long as real
ones: 32 samples a step, Adam.
"""

import argparse
import statistics
import time
from typing import Any

import numpy as np

from tests.benchmarks.kept_results import machine, machine_line, write_results
from tlgui.core.catalogue import find_backbone
from tlgui.core.costs import FORWARD_AND_BACKWARD, Speed, work_of
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec

NAME = "costs"
BACKBONES = (*(f"efficientnet-lite{index}" for index in range(3)), "mobilenet-v2")
CUTS = {"last block": 0.0, "cut at 75 %": 0.25, "cut at 50 %": 0.5, "everything": 1.0}
_BATCH, _STEPS, _CLASSES = 32, 3, 2


def step_seconds(name: str, count: int) -> float:
    """A training step's time for one sample, in this process."""
    from tlgui.ml.cuts import find_cut
    from tlgui.ml.learners import BlockLearner
    from tlgui.ml.models import build_classifier

    backbone = find_backbone(name)
    blocks = tuple(block.name for block in backbone.blocks[-count:])
    cut = find_cut(backbone, blocks)
    model = build_classifier(backbone, _CLASSES, pretrained=False)
    phase = Phase(1, 1, blocks, 1e-4)
    learner = BlockLearner(TrainingSpec(data=""), phase, _STEPS, model, cut)
    random = np.random.default_rng(0)
    shape = cut.shape if cut else (backbone.input_size, backbone.input_size, 3)
    inputs: Any = random.integers(0, 256, (_BATCH, *shape)).astype(np.uint8)
    if cut:
        inputs = random.normal(size=(_BATCH, *shape)).astype(np.float32)
    labels = np.eye(_CLASSES, dtype=np.float32)[np.arange(_BATCH) % _CLASSES]
    ones = np.ones(_BATCH, np.float32)
    learner.train(inputs, labels, ones)  # the first one prepares
    times = []
    for _ in range(_STEPS):
        began = time.perf_counter()
        learner.train(inputs, labels, ones)
        times.append(time.perf_counter() - began)
    return statistics.median(times) / _BATCH


def told_seconds(name: str, count: int, speed: Speed) -> float:
    """What the program foretells for the same."""
    work = work_of(find_backbone(name).blocks[-count:])
    one = work.products * speed.per_product + work.numbers * speed.per_number
    return FORWARD_AND_BACKWARD * one


def table(values: dict[str, Any]) -> str:
    """All of them, and the median of the errors."""
    lines = [
        machine_line(values["machine"]),
        "",
        "Milliseconds of a training step for one photo, 32 photos a step.",
        "",
        "| backbone | may change | foretold | measured | error |",
        "|---|---|--:|--:|--:|",
    ]
    for row in values["rows"]:
        lines.append(
            f"| {row['backbone']} | {row['cut']} | {1e3 * row['told']:.1f} | "
            f"{1e3 * row['measured']:.1f} | {_error(row):+.0%} |"
        )
    errors = [abs(_error(row)) for row in values["rows"]]
    lines += ["", f"The median of the errors, sign left out: {_median(errors):.0%}."]
    return "\n".join(lines) + "\n"


def _error(row: dict[str, Any]) -> float:
    return float(row["told"] / row["measured"] - 1.0)


def _median(values: list[float]) -> float:
    return statistics.median(values)


def main() -> None:
    """Prints the table; with `--save` also keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true")
    chosen = parser.parse_args()
    from tlgui.ml.calibration import measure_speed

    began = time.perf_counter()
    speed = measure_speed()
    print(f"{speed}, measured in {time.perf_counter() - began:.1f} s", flush=True)
    rows = []
    for name in BACKBONES:
        blocks = len(find_backbone(name).blocks)
        for cut, share in CUTS.items():
            count = max(1, round(share * blocks))
            row = {
                "backbone": name,
                "cut": cut,
                "told": told_seconds(name, count, speed),
                "measured": step_seconds(name, count),
            }
            rows.append(row)
            print(row, flush=True)
    values = {"machine": machine(), "rows": rows}
    print(table(values))
    if chosen.save:
        write_results(NAME, values, table(values))


if __name__ == "__main__":
    main()
