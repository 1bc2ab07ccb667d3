"""A small real data set for the demonstration: handwritten digits.

The pictures are the optical recognition digits of the UCI repository (E. Alpaydin
and C. Kaynak 1998), 8 x 8 pixels, as scikit-learn brings them; the field's first
example, MNIST, has the same kind of pictures.
"""

import csv
import gzip
import importlib.util
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tlgui.core.errors import TlguiError, cannot_write
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Pixels

NAME = "handwritten-digits"
TRAIN_PER_CLASS, VALIDATION_PER_CLASS = 40, 15
_SIDE = 96  # of the smoothed 8 x 8 pixels


def demo_folder(parent: Path) -> Path:
    """Writes the demonstration's pictures unless they are there already.

    Args:
        parent: the folder in which the data set's folder lies.

    Returns:
        A folder with `train/` and `val/` above ten classes.

    Raises:
        TlguiError: the pictures cannot be found or written.
    """
    folder = parent / NAME
    if folder.is_dir():
        return folder
    digits, labels = _read_digits()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{NAME}-", dir=parent))
        try:
            _write(draft, digits, labels)
            draft.replace(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def demo_spec(folder: Path) -> TrainingSpec:
    """What the demonstration trains: the head, for a few epochs."""
    return TrainingSpec(
        data=str(folder), epochs=30, augmentation="none", learning_rate=0.01
    )


def _write(folder: Path, digits: Pixels, labels: list[int]) -> None:
    written = dict.fromkeys(range(10), 0)
    for pixels, label in zip(digits, labels, strict=True):
        number = written[label]
        if number == TRAIN_PER_CLASS + VALIDATION_PER_CLASS:
            continue
        split = "train" if number < TRAIN_PER_CLASS else "val"
        class_folder = folder / split / str(label)
        class_folder.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(pixels).resize(
            (_SIDE, _SIDE), Image.Resampling.BICUBIC
        )
        picture.save(class_folder / f"{label}-{number + 1:02}.png")
        written[label] = number + 1


def _read_digits() -> tuple[Pixels, list[int]]:
    """Reads scikit-learn's file without importing scikit-learn.

    Returns:
        `uint8` pictures, dark on white, shape `(n, 8, 8)`, and their labels.
    """
    spec = importlib.util.find_spec("sklearn")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(location) / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            with gzip.open(file, "rt", encoding="ascii", newline="") as stream:
                rows = np.array([list(map(float, row)) for row in csv.reader(stream)])
            ink = rows[:, :64].reshape(-1, 8, 8) / 16.0
            return (255 - ink * 255).astype(np.uint8), rows[:, 64].astype(int).tolist()
    raise TlguiError(
        "The demonstration's pictures come with the package scikit-learn, but it was "
        "not found. Install Transfer Learning Studio again."
    )
