"""Finds the samples in a folder and tells which files cannot be used."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from tlgui.core.dataset import (
    TRAIN,
    VALIDATION,
    Dataset,
    Problem,
    Progress,
    Sample,
    ShouldStop,
    files_below,
    natural_key,
    split_folders,
    subfolders,
)
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.images import UnreadableError
from tlgui.core.task import Task

_WINDOW = 64


def scan(
    root: Path,
    task: Task,
    *,
    on_progress: Progress = lambda done, total: None,
    should_stop: ShouldStop = lambda: False,
    threads: int = 2,
) -> Dataset:
    """Reads every file of a data set once and lists what can be used.

    The folder holds one sub-folder for each class, or `train/`, `val/` and
    `test/` above the classes. Files in folders inside a class belong to it.

    Args:
        root: the folder.
        task: says which files are samples.
        on_progress: told (files done, files in all).
        should_stop: asked between files.
        threads: how many files are read at once.

    Returns:
        The data set, with a reason for everything that is left out. It may be
        too small to train on: see `check_trainable`.

    Raises:
        TlguiError: the folder cannot be read, or holds no classes.
        Stopped: `should_stop` said so.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - keeps links, drops ".."
    folders = split_folders(root) or {TRAIN: root}
    class_names = _class_names(root, folders.values())
    label_of = {name: label for label, name in enumerate(class_names)}
    found: list[tuple[str, Path, int]] = []
    for split, folder in folders.items():
        for class_folder in subfolders(folder):
            label = label_of[class_folder.name]
            found += [(split, file, label) for file in files_below(class_folder)]
            if should_stop():
                raise Stopped
    samples: dict[str, list[Sample]] = {split: [] for split in folders}
    problems = list(_strays(root, folders.values(), task))
    inspected = _inspect_all((file for _, file, _ in found), task, threads)
    for done, ((split, file, label), reason) in enumerate(
        zip(found, inspected, strict=True), start=1
    ):
        path = file.relative_to(root).as_posix()
        if reason is None:
            samples[split].append(Sample(path, label))
        else:
            problems.append(Problem(path, reason))
        on_progress(done, len(found))
        if should_stop():
            raise Stopped
    return Dataset(
        root,
        task.name,
        class_names,
        {split: tuple(of_split) for split, of_split in samples.items()},
        tuple(problems),
    )


def check_trainable(dataset: Dataset) -> None:
    """Makes sure that a model can be trained on a data set.

    Raises:
        TlguiError: it cannot, with the reason and what to do.
    """
    root = dataset.root
    if not len(dataset):
        raise TlguiError(_nothing_usable(dataset))
    if len(dataset.class_names) < 2:
        raise TlguiError(
            f"Expected at least two classes in {root}, but found only "
            f"“{dataset.class_names[0]}”. Add a sub-folder for each further class."
        )
    for name, count in zip(dataset.class_names, dataset.counts(TRAIN), strict=True):
        if count < 2:
            found = "only one" if count else "no usable file"
            raise TlguiError(
                f"Expected at least two usable files for every class, but found "
                f"{found} for “{name}” in {root}. Add more, or take the folder away."
            )


def _nothing_usable(dataset: Dataset) -> str:
    if not dataset.problems:
        return (
            f"Expected files in the class folders of {dataset.root}, but they are "
            "all empty. Put the files of each class into its folder."
        )
    first = dataset.problems[0]
    return (
        f"None of the {len(dataset.problems)} files in {dataset.root} can be used; "
        f"the first is {first.path}: {first.reason}. Choose another folder, or "
        "replace the files."
    )


def _class_names(root: Path, folders: Iterable[Path]) -> tuple[str, ...]:
    names = {path.name for folder in folders for path in subfolders(folder)}
    if not names:
        raise TlguiError(
            f"Expected one sub-folder for each class in {root}, but found none. "
            "Put the files of each class into a folder of its own, named as the class."
        )
    if len(names) == 1:
        inner = root / next(iter(names))
        if inner.is_dir() and len(subfolders(inner)) > 1:
            raise TlguiError(
                f"Expected at least two classes in {root}, but found only the folder "
                f"“{inner.name}”, which has folders in it. Did you mean {inner}?"
            )
    return tuple(sorted(names, key=natural_key))


def _strays(root: Path, folders: Iterable[Path], task: Task) -> Iterator[Problem]:
    """Files that lie beside the class folders, where they have no class."""
    for folder in {root, *folders}:
        for path in sorted(folder.iterdir()):
            if path.is_file() and task.refusal(path) is None:
                yield Problem(
                    path.relative_to(root).as_posix(),
                    "it lies outside the class folders, so its class is unknown",
                )


def _inspect_all(
    files: Iterable[Path], task: Task, threads: int
) -> Iterator[str | None]:
    """Reads files in parallel, in order, never more than a few ahead."""

    def inspect(file: Path) -> str | None:
        try:
            task.inspect(file)
        except UnreadableError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(threads, thread_name_prefix="scan") as pool:
        waiting = iter(files)
        ahead = [pool.submit(inspect, file) for file in islice(waiting, _WINDOW)]
        try:
            while ahead:
                yield ahead.pop(0).result()
                ahead += [pool.submit(inspect, file) for file in islice(waiting, 1)]
        finally:
            for future in ahead:
                future.cancel()


def validation_folder(dataset: Dataset, other: Dataset) -> Dataset:
    """Joins a separate validation folder to a data set.

    Args:
        dataset: the training data.
        other: a scanned folder with the same classes.

    Returns:
        `dataset` whose validation samples are those of `other`, with absolute paths.

    Raises:
        TlguiError: a class of `other` is unknown to `dataset`, or it is empty.
    """
    unknown = [n for n in other.class_names if n not in dataset.class_names]
    if unknown:
        known = ", ".join(dataset.class_names)
        raise TlguiError(
            f"Expected only the classes {known} in the validation folder "
            f"{other.root}, but found “{unknown[0]}”. Rename or remove that folder."
        )
    moved = tuple(
        Sample(
            other.file(sample).as_posix(),
            dataset.class_names.index(other.class_names[sample.label]),
        )
        for samples in other.samples.values()
        for sample in samples
    )
    if not moved:
        raise TlguiError(_nothing_usable(other))
    problems = tuple(
        Problem((other.root / problem.path).as_posix(), problem.reason)
        for problem in other.problems
    )
    return Dataset(
        dataset.root,
        dataset.task,
        dataset.class_names,
        {**dataset.samples, VALIDATION: moved},
        dataset.problems + problems,
    )
