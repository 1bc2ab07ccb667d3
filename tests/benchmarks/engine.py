"""The fast engine beside the plain Keras way, in one run, as ratios.

    python -m tests.benchmarks.engine DATA [--rounds 3] [--save]

Every measurement is a process of its own in which TensorFlow is imported and warm
before the clock starts; the ways take turns, and the median of the rounds counts.
The plain way is the code of the official guide
(https://keras.io/guides/transfer_learning/): `image_dataset_from_directory`,
`prefetch`, a frozen backbone run in every epoch, a new head, Adam, `fit`. It gets the
same backbone, photos, batch size and epochs, and no augmentation; and once with
Keras' default compilation and once without XLA, which on a CPU is the faster.
"""

import argparse
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tlgui.core import events
from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone
from tlgui.core.layers import parse_trainable

RESULTS = Path(__file__).parent / "results"
EPOCHS = 10
HEAD_CASES = ("keras default", "keras without XLA", "ours, first run", "ours, again")
BLOCKS = len(find_backbone(DEFAULT_BACKBONE).blocks)
CUTS = {
    "last block": "last:1",
    "cut at 75 %": f"last:{BLOCKS - round(BLOCKS * 0.75)}",
    "cut at 50 %": f"last:{BLOCKS - round(BLOCKS * 0.5)}",
    "everything": "all",
}
BLOCK_EPOCHS = 4


def keras_run(data: Path, trainable: str, epochs: int, xla: str | bool) -> list[float]:
    """The guide's way; returns the seconds from Start to the end of each epoch."""
    import keras

    from tlgui.ml.backbones import block_of, build_backbone

    backbone = find_backbone(DEFAULT_BACKBONE)
    size = (backbone.input_size, backbone.input_size)
    base = build_backbone(DEFAULT_BACKBONE)
    began = time.perf_counter()
    sets = [
        keras.utils.image_dataset_from_directory(
            data / split, image_size=size, batch_size=32, seed=0, verbose=False
        ).prefetch(2)
        for split in ("train", "val")
    ]
    unfrozen = parse_trainable(trainable, backbone.blocks)
    for layer in base.layers:
        layer.trainable = block_of(layer.name) in unfrozen
    inputs = keras.Input((*size, 3))
    # The guide's training=False keeps BatchNormalization in inference mode; blocks
    # that learn here train theirs, as ours do.
    x = base(inputs, training=None if unfrozen else False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    outputs = keras.layers.Dense(2, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
        jit_compile=xla,
    )
    ends: list[float] = []

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            ends.append(time.perf_counter() - began)

    model.fit(
        sets[0], epochs=epochs, validation_data=sets[1], callbacks=[Clock()], verbose=0
    )
    return ends


def our_run(data: Path, trainable: str, epochs: int) -> list[float]:
    """Our way; the last time is that of the finished result on the disk."""
    from tlgui.core.spec import TrainingSpec
    from tlgui.ml.training import train

    blocks = parse_trainable(trainable, find_backbone(DEFAULT_BACKBONE).blocks)
    spec = TrainingSpec(
        str(data),
        trainable=blocks,
        strategy="direct",
        epochs=epochs,
        augmentation="none",
        learning_rate=1e-3,
    )
    ends: list[float] = []
    began = time.perf_counter()

    def emit(event: events.Event) -> None:
        if isinstance(event, events.EpochEnded):
            ends.append(time.perf_counter() - began)

    with tempfile.TemporaryDirectory() as folder:
        train(spec, Path(folder) / "run", emit)
        ends.append(time.perf_counter() - began)
    return ends


def limit(data: Path) -> float:
    """Decoding every file once and one pass at the fastest runtime, in seconds."""
    import numpy as np

    from tlgui import paths
    from tlgui.core.scan import scan
    from tlgui.core.task import IMAGE_CLASSIFICATION
    from tlgui.ml.pipeline import SampleReader, StreamSource
    from tlgui.ml.prefix import POOLED, Cut, make_prefix

    backbone = find_backbone(DEFAULT_BACKBONE)
    dataset = scan(data, IMAGE_CLASSIFICATION)
    sample = np.zeros((1, backbone.input_size, backbone.input_size, 3), np.uint8)
    prefix = make_prefix(Cut(backbone, POOLED), paths.prepared_dirs(), lambda: sample)
    began = time.perf_counter()
    with SampleReader(dataset, IMAGE_CLASSIFICATION, backbone.input_size) as reader:
        for samples in dataset.samples.values():
            for batch in StreamSource(reader).batches(samples, 32):
                prefix.run(batch.inputs)
    return time.perf_counter() - began


def child(case: str, data: Path) -> dict[str, Any]:
    """One measurement, in this process."""
    from tlgui.ml.warm_up import warm_up

    warm_up(DEFAULT_BACKBONE)
    name, _, trainable = case.partition("|")
    runs: dict[str, Callable[[], list[float]]] = {
        "keras default": lambda: keras_run(data, "head", EPOCHS, "auto"),
        "keras without XLA": lambda: keras_run(data, "head", EPOCHS, False),
        "ours, first run": lambda: our_run(data, "head", EPOCHS),
        "ours, again": lambda: our_run(data, "head", EPOCHS),
        "limit": lambda: [limit(data)],
        "keras blocks": lambda: keras_run(data, trainable, BLOCK_EPOCHS, False),
        "ours blocks": lambda: our_run(data, trainable, BLOCK_EPOCHS),
    }
    ends = runs[name]()
    return {"ends": ends, "peak_mb": psutil.Process().memory_info().rss / 1e6}


def measure(case: str, data: Path, cache: Path) -> dict[str, Any]:
    """One measurement, in a process of its own."""
    environment = os.environ | {
        "TLGUI_CACHE_DIR": str(cache),
        "TLGUI_PREFIX_DIR": str(cache.parent / "prefixes"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    command = [sys.executable, "-m", "tests.benchmarks.engine", str(data)]
    done = subprocess.run(
        [*command, "--child", case],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def per_epoch(ends: list[float]) -> float:
    """Seconds of an epoch once everything is prepared and kept."""
    pairs = itertools.pairwise(ends[:BLOCK_EPOCHS])
    return statistics.median(later - earlier for earlier, later in pairs)


def whole_results(data: Path, rounds: int, work: Path) -> dict[str, list[float]]:
    """Seconds from Start to the result, head only, by way."""
    found: dict[str, list[float]] = {case: [] for case in (*HEAD_CASES, "limit")}
    for _ in range(rounds):
        for case in found:
            cache = work / "cache"
            if case == "ours, first run":
                shutil.rmtree(cache, ignore_errors=True)
            found[case].append(measure(case, data, cache)["ends"][-1])
            print(f"{case:20}{found[case][-1]:8.2f} s", flush=True)
    return found


def epoch_results(data: Path, rounds: int, work: Path) -> dict[str, dict[str, float]]:
    """Seconds an epoch by cut: the plain way, ours, and their ratio."""
    found: dict[str, dict[str, float]] = {}
    for name, trainable in CUTS.items():
        plain, ours = [], []
        for _ in range(rounds):
            cache = work / "blocks"
            measured = measure(f"keras blocks|{trainable}", data, cache)
            plain.append(per_epoch(measured["ends"]))
            measured = measure(f"ours blocks|{trainable}", data, cache)
            ours.append(per_epoch(measured["ends"]))
        row = {"keras": statistics.median(plain), "ours": statistics.median(ours)}
        found[name] = row | {"ratio": row["keras"] / row["ours"]}
        print(f"{name:14}{row['keras']:8.2f}{row['ours']:8.2f}", flush=True)
    return found


def table(whole: dict[str, list[float]], epochs: dict[str, dict[str, float]]) -> str:
    """The results as Markdown."""
    medians = {case: statistics.median(times) for case, times in whole.items()}
    best = min(medians["keras default"], medians["keras without XLA"])
    memory = psutil.virtual_memory().total / 2**30
    lines = [
        f"{platform.platform()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python "
        f"{platform.python_version()}; medians.",
        "",
        f"Head only, {EPOCHS} epochs, from Start to the finished result:",
        "",
        "| way | seconds | times faster than the faster Keras |",
        "|---|---|---|",
    ]
    lines += [
        f"| {case} | {seconds:.2f} | {best / seconds:.1f} |"
        for case, seconds in medians.items()
    ]
    lines += ["", "Seconds an epoch, validation included:", ""]
    lines += ["| may change | Keras | ours | ratio |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {row['keras']:.2f} | {row['ours']:.2f} | {row['ratio']:.1f} |"
        for name, row in epochs.items()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Prints a table; with `--save` also writes it to results/engine.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(child(chosen.child, chosen.data)))
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = whole_results(chosen.data, chosen.rounds, Path(folder))
        epochs = epoch_results(chosen.data, chosen.rounds, Path(folder))
    text = table(whole, epochs)
    print(text)
    if chosen.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "engine.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
