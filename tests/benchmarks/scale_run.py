"""Scans a data set and trains a head on it once, in this process, and times it.

    python -m tests.benchmarks.scale_run DATA EPOCHS

Prints one line of JSON.
"""

import argparse
import dataclasses
import itertools
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.engine_ways import EpochClock
from tests.benchmarks.forecasts import ForecastWatch, errors
from tlgui.core import events
from tlgui.core.catalogue import DEFAULT_BACKBONE
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION

_KEPT_ESTIMATES = 100


def run(data: Path, epochs: int) -> dict[str, Any]:
    """One scan and one run in a warm engine.

    Returns:
        Seconds of the scan, of the run and to the end of each epoch; memory of the
        warm engine alone, in megabytes; estimates of the time left, and their errors.
    """
    from tlgui.ml.training import train
    from tlgui.ml.warm_up import warm_up

    warm_up(DEFAULT_BACKBONE)
    warm = psutil.Process().memory_info().rss / 1e6
    began = time.perf_counter()
    dataset = scan(data, IMAGE_CLASSIFICATION)
    scanned = time.perf_counter() - began
    spec = TrainingSpec(str(data), epochs=epochs, augmentation="none")
    with tempfile.TemporaryDirectory() as folder:
        clock, watch = EpochClock(), ForecastWatch()

        def emit(event: events.Event) -> None:
            clock(event)
            watch(event)

        train(spec, Path(folder) / "run", emit, dataset=dataset)
        seconds = time.perf_counter() - clock.began
    step = max(1, len(watch.told) // _KEPT_ESTIMATES)
    told = itertools.islice(watch.told, 0, None, step)
    return {
        "scan": scanned,
        "seconds": seconds,
        "ends": clock.ends,
        "first_batch": clock.first_batch,
        "warm_mb": warm,
        "forecast": errors(watch.told, seconds),
        "told": [dataclasses.astuple(one) for one in told],
    }


def main() -> None:
    """Does it once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("epochs", type=int)
    chosen = parser.parse_args()
    print(json.dumps(run(chosen.data, chosen.epochs)))


if __name__ == "__main__":
    main()
