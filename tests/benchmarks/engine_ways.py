"""Does one row's work in this process, with a warm engine, and times it.

    python -m tests.benchmarks.engine_ways DATA ROW

Prints one line of JSON; see `guide.run_guide` for its keys.
"""

import argparse
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.engine_rows import ROWS, Row, Way
from tests.benchmarks.guide import BATCH_SIZE, LEARNING_RATE, run_guide
from tlgui.core import events
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.dataset import TRAIN, Dataset
from tlgui.core.images import decode
from tlgui.core.layers import parse_trainable
from tlgui.core.scan import scan
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.core.types import Pixels

AHEAD = 3 * BATCH_SIZE
# As many as the window lets the engine compare the frozen layers on.
COMPARED = 4


def our_spec(data: Path, row: Row) -> TrainingSpec:
    """What our run does, equal to what the guide's code does."""
    return TrainingSpec(
        str(data),
        trainable=parse_trainable(
            row.trainable, find_backbone(DEFAULT_BACKBONE).blocks
        ),
        strategy="direct",
        epochs=row.epochs,
        batch_size=BATCH_SIZE,
        augmentation=row.augmentation,
        learning_rate=LEARNING_RATE,
    )


class EpochClock:
    """Notes when the first batch and each epoch ended; takes a run's events."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.first_batch = 0.0
        self.ends: list[float] = []

    def __call__(self, event: events.Event) -> None:
        """Takes one event."""
        now = time.perf_counter() - self.began
        match event:
            case events.BatchEnded():
                self.first_batch = self.first_batch or now
            case events.EpochEnded():
                self.ends.append(now)


def run_ours(data: Path, row: Row, dataset: Dataset) -> dict[str, Any]:
    """Our way, from pressing Train to the finished result on the disk.

    The window has scanned the folder when it was chosen, so the scan is over.
    """
    from tlgui.ml.training import train

    with tempfile.TemporaryDirectory() as folder:
        clock = EpochClock()
        train(our_spec(data, row), Path(folder) / "run", clock, dataset=dataset)
        seconds = time.perf_counter() - clock.began
    return {"ends": clock.ends, "first_batch": clock.first_batch, "seconds": seconds}


def run_limit(dataset: Dataset, *, overlapped: bool) -> dict[str, Any]:
    """Decodes every file once and makes one pass through the fastest runtime.

    Whatever learns a head on these photos has to do at least this. It goes by its
    own loop of plain threads, so that it does not share what our pipeline may waste.

    Args:
        dataset: scanned.
        overlapped: whether photos are decoded while others are computed, or all
            before.
    """
    from tlgui import paths
    from tlgui.ml.cuts import POOLED, Cut
    from tlgui.ml.prefix import make_prefix

    backbone = find_backbone(DEFAULT_BACKBONE)
    size = backbone.input_size
    sample = np.zeros((1, size, size, 3), np.uint8)
    prefix = make_prefix(Cut(backbone, POOLED), paths.prepared_dirs(), lambda: sample)
    files = [dataset.file(s) for split in dataset.samples.values() for s in split]
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        decoded = _decoded(pool, files, size, AHEAD if overlapped else len(files))
        with contextlib.closing(decoded):
            for pixels in decoded:
                prefix.run(pixels)
    return {"ends": [], "first_batch": 0, "seconds": time.perf_counter() - began}


def _decoded(
    pool: ThreadPoolExecutor, files: list[Path], size: int, ahead: int
) -> Generator[Pixels, None, None]:
    """Batches of decoded photos, never more than a few photos ahead."""
    waiting = [pool.submit(decode, file, size) for file in files[:ahead]]
    if ahead >= len(files):
        for future in waiting:
            future.result()
    for start in range(0, len(files), BATCH_SIZE):
        batch, waiting = waiting[:BATCH_SIZE], waiting[BATCH_SIZE:]
        more = files[start + ahead : start + ahead + BATCH_SIZE]
        waiting += [pool.submit(decode, file, size) for file in more]
        yield np.stack([future.result() for future in batch])


def run_row(data: Path, row: Row) -> dict[str, Any]:
    """Warms the engine and does a row's work."""
    from tlgui.ml.warm_up import warm_up

    dataset = scan(data, IMAGE_CLASSIFICATION)
    samples = dataset.samples[TRAIN][:COMPARED]
    warm_up(DEFAULT_BACKBONE, [str(dataset.file(sample)) for sample in samples])
    augment = row.augmentation != "none"
    ways: dict[Way, Callable[[], dict[str, Any]]] = {
        Way.KERAS: lambda: run_guide(
            data, row.trainable, row.epochs, xla=row.xla, augment=augment
        ),
        Way.OURS: lambda: run_ours(data, row, dataset),
        Way.LIMIT: lambda: run_limit(dataset, overlapped=row.overlapped),
    }
    return ways[row.way]()


def main() -> None:
    """Does it once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("row", choices=ROWS)
    chosen = parser.parse_args()
    print(json.dumps(run_row(chosen.data, ROWS[chosen.row])))


if __name__ == "__main__":
    main()
