"""A folder of samples, as found on disk."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tlgui.core.errors import TlguiError
from tlgui.core.task import find_task

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
# The label of a sample that shows none of the classes.
NOTHING = -1
SPLIT_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "testing": TEST,
}
_LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin"})

Progress = Callable[[int, int], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Sample:
    """One usable file.

    Attributes:
        path: relative to the data set's root, with forward slashes.
        label: index into the class names; `NOTHING` where several classes, or none,
            may be shown, and none is.
        also: what else it shows, where several classes may be shown.
    """

    path: str
    label: int
    also: tuple[int, ...] = ()

    @property
    def labels(self) -> tuple[int, ...]:
        """Everything that it shows, as indices into the class names."""
        return () if self.label == NOTHING else (self.label, *self.also)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or folder that is left out, and why.

    Attributes:
        path: relative to the data set's root, with forward slashes.
        reason: in plain words.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """What a scan found.

    Attributes:
        root: the folder.
        task: the name of its task.
        class_names: in index order.
        samples: by split; a folder without split folders is all `train`.
        problems: what is left out.
        table: the file that says what the samples show, relative to the root; "" where
            folders say it.
    """

    root: Path
    task: str
    class_names: tuple[str, ...]
    samples: dict[str, tuple[Sample, ...]] = field(repr=False)
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    table: str = ""

    @property
    def is_multilabel(self) -> bool:
        """Whether a sample may show several classes, or none."""
        return find_task(self.task).multilabel

    @property
    def source(self) -> Path:
        """What was scanned: the table if there is one, or else the folder."""
        return self.root / self.table

    @property
    def has_validation(self) -> bool:
        """Whether the folder brings its own validation samples."""
        return bool(self.samples.get(VALIDATION))

    def __len__(self) -> int:
        return sum(len(samples) for samples in self.samples.values())

    def file(self, sample: Sample) -> Path:
        """The full path of a sample."""
        return self.root / sample.path

    def counts(self, split: str) -> tuple[int, ...]:
        """The number of samples of each class in a split, in index order.

        Where samples show several classes, the sum is not the number of samples.
        """
        samples = self.samples.get(split, ())
        if self.is_multilabel:
            found = Counter(label for sample in samples for label in sample.labels)
        else:
            found = Counter(sample.label for sample in samples)
        return tuple(found[label] for label in range(len(self.class_names)))

    def of_class(self, label: int) -> tuple[Sample, ...]:
        """All samples of a class, training first."""
        return tuple(
            sample
            for split in SPLITS
            for sample in self.samples.get(split, ())
            if label == sample.label or label in sample.also
        )


def labels_per_sample(dataset: Dataset) -> list[int]:
    """How many classes each sample shows, all splits together."""
    return [len(s.labels) for split in dataset.samples.values() for s in split]


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts "class 10" after "class 9"."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in parts
        if part
    )


def split_folders(root: Path) -> dict[str, Path]:
    """The folders `train/`, `val/`, `test/` under a root; empty without `train/`."""
    found = {
        SPLIT_NAMES[folder.name.casefold()]: folder
        for folder in subfolders(root)
        if folder.name.casefold() in SPLIT_NAMES
    }
    return found if TRAIN in found else {}


def subfolders(root: Path) -> list[Path]:
    """The visible folders in a folder, in natural order.

    Raises:
        TlguiError: the folder is missing or cannot be read.
    """
    return [path for path in _entries(root) if path.is_dir()]


def files_below(folder: Path) -> Iterator[Path]:
    """All visible files in a folder and the folders in it, in natural order."""
    for path in _entries(folder):
        if path.is_dir():
            if not path.is_symlink():  # a link upwards would never end
                yield from files_below(path)
        else:
            yield path


def _entries(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if not _is_litter(path.name)]
    except FileNotFoundError:
        raise TlguiError(
            f"Expected a folder, but there is none at {folder}. "
            "Check the name, or choose another folder."
        ) from None
    except NotADirectoryError:
        raise TlguiError(
            f"Expected a folder, but {folder} is a file. "
            "Choose the folder that holds one sub-folder for each class, or a CSV "
            "table of photos and their classes."
        ) from None
    except OSError as error:
        raise TlguiError(
            f"The folder {folder} cannot be read ({error.strerror}). "
            "Check its permissions, or choose another folder."
        ) from error
    return sorted(found, key=lambda path: natural_key(path.name))


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _LITTER
