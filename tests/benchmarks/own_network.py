"""A person's own small network, fine-tuned: what it brings over a random start.

    python -m tests.benchmarks.own_network [--seeds 3] [--save]

Flatten, Dense 128 and Dense as in the field's first examples, on the digits of
scikit-learn (8 x 8, made 28 x 28). The network is trained by Keras on 900 of them with
noise, or on those of 0 to 4 alone, saved as `.weights.h5`, imported, and fine-tuned on
100 others (50 to 100 of the digits 5 to 9); the last 497 validate.
"""

import argparse
import dataclasses
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks.kept_results import machine, machine_line, write_results
from tlgui.core.model_notes import ModelNotes
from tlgui.core.run import open_finished_run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import open_starting_point
from tlgui.core.types import Pixels

EPOCHS, RATE = 5, 0.003
_PRETRAINED, _TRAIN, _VALIDATION = 900, 1300, 1797
_MOST = 100


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to go on, or to begin anew.

    Attributes:
        title: in the table.
        knows: the digits that the network has seen; none for a random start.
        learns: the digits of the new photos.
        everything: whether all layers change, or the head alone.
        factor: by which the pixels 0..1 were multiplied when it was trained.
        pixels: what is said of them.
    """

    title: str
    knows: range
    learns: range
    everything: bool
    factor: float = 1.0
    pixels: str = ""


ALL, LOW, HIGH, NONE = range(10), range(5), range(5, 10), range(0)
WAYS = (
    Way("all digits, known; head", ALL, ALL, everything=False),
    Way("all digits, known; everything", ALL, ALL, everything=True),
    Way("all digits, random start; everything", NONE, ALL, everything=True),
    Way("5 to 9, knows 0 to 4; head", LOW, HIGH, everything=False),
    Way("5 to 9, knows 0 to 4; everything", LOW, HIGH, everything=True),
    Way("5 to 9, random start; everything", NONE, HIGH, everything=True),
    Way("pixels were 0..1, 0..255 said; head", ALL, ALL, False, 1.0, "0..255"),
    Way("pixels were 0..1, 0..255 said; everything", ALL, ALL, True, 1.0, "0..255"),
    Way("pixels were 0..255, 0..1 assumed; head", ALL, ALL, False, 255.0),
    Way("pixels were 0..255, 0..1 assumed; everything", ALL, ALL, True, 255.0),
    Way("pixels were 0..255, said; head", ALL, ALL, False, 255.0, "0..255"),
    Way("pixels were 0..255, said; everything", ALL, ALL, True, 255.0, "0..255"),
)


def read_digits() -> tuple[Pixels, np.ndarray[Any, Any]]:
    """All digits in a fixed order, `uint8`, shape `(n, 28, 28)`, and their labels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    ink = (found.images[order] * 255 / 16).astype(np.uint8)
    resized = [Image.fromarray(one).resize((28, 28)) for one in ink]
    return np.stack([np.asarray(one) for one in resized]), found.target[order]


def write_photos(folder: Path, wanted: range) -> Path:
    """Writes the photos to fine-tune on, and those that validate."""
    pixels, labels = read_digits()
    written = 0
    for number in range(_PRETRAINED, _VALIDATION):
        is_training = number < _TRAIN
        if labels[number] not in wanted or (is_training and written == _MOST):
            continue
        written += is_training
        place = folder / ("train" if is_training else "val") / str(labels[number])
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[number]).save(place / f"{number}.png")
    return folder


def pretrain(way: Way, seed: int, file: Path) -> Path:
    """Trains the network as its owner did, and saves its weights."""
    import keras

    la = keras.layers
    keras.utils.set_random_seed(seed)
    classes = len(way.knows) or len(way.learns)
    model = keras.Sequential([keras.Input((28, 28, 1)), la.Flatten()])
    model.add(la.Dense(128, activation="relu"))
    model.add(la.Dense(classes, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    if way.knows:
        pixels, labels = (part[:_PRETRAINED] for part in read_digits())
        seen = np.isin(labels, way.knows)
        noise = np.random.default_rng(seed).normal(0, 0.1, pixels[seen].shape)
        photos = (pixels[seen] / 255 + noise).astype(np.float32) * way.factor
        model.fit(photos[..., None], labels[seen], epochs=15, verbose=0)
    model.save_weights(file)
    return file


def accuracy_of(way: Way, seed: int, work: Path) -> float:
    """The best validation accuracy of a run."""
    from tlgui.ml.importing import import_model
    from tlgui.ml.training import train

    place = Path(tempfile.mkdtemp(dir=work))
    names = way.knows or way.learns
    notes = ModelNotes(way.pixels, tuple(map(str, names)))
    file = pretrain(way, seed, place / "digits.weights.h5")
    point = open_starting_point(Path(import_model(file, notes=notes).folder))
    spec = TrainingSpec(
        str(write_photos(place / "photos", way.learns)),
        backbone=point.backbone,
        start=str(point.folder),
        trainable=("dense1",) if way.everything else (),
        strategy="direct",
        epochs=EPOCHS,
        learning_rate=RATE,
        augmentation="none",
        seed=seed,
    )
    train(spec, place / "run", lambda event: None)
    return open_finished_run(place / "run").evaluation().accuracy


def table_of(results: dict[str, list[float]], described: dict[str, str]) -> str:
    """The numbers for a person."""
    lines = [
        machine_line(described),
        "",
        f"{EPOCHS} epochs, learning rate {RATE}, 100 photos to learn from; best "
        "validation accuracy, mean and range over the seeds.",
        "",
        "| network and photos; what changes | seeds | accuracy | lowest | highest |",
        "|---|--:|--:|--:|--:|",
    ]
    for title, found in results.items():
        numbers = (float(np.mean(found)), min(found), max(found))
        cells = " | ".join(f"{number:.3f}" for number in numbers)
        lines.append(f"| {title} | {len(found)} | {cells} |")
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures every way and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args(arguments)
    results: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as work:
        for name in ("MODELS", "CACHE", "PREFIX"):
            os.environ[f"TLGUI_{name}_DIR"] = f"{work}/{name.lower()}"
        for way in WAYS:
            results[way.title] = [
                accuracy_of(way, seed, Path(work)) for seed in range(options.seeds)
            ]
            print(way.title, results[way.title], flush=True)
    described = machine()
    table = table_of(results, described)
    print(table)
    if options.save:
        write_results("own_network", {"machine": described, "ways": results}, table)


if __name__ == "__main__":
    main()
