"""Finds the samples in a folder and tells which files cannot be used."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from tlgui.core.dataset import (
    NOTHING,
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
from tlgui.core.table_listing import Listing, find_table, list_table
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
    `test/` above the classes. Files in folders inside a class belong to it. Or a table
    in it says what each file shows (`label_table`).

    Args:
        root: the folder, or the table itself.
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
    table = find_table(root)
    if table is None:
        listing = _list_folders(root, task, should_stop)
    else:
        listing = list_table(table, task, should_stop, strays=table != root)
    root, found = listing.root, listing.found
    samples: dict[str, list[Sample]] = {split: [] for split in listing.splits}
    problems = list(listing.problems)
    files = (root / sample.path for _, sample in found)
    inspected = _inspect_all(files, task, threads)
    for done, ((split, sample), reason) in enumerate(
        zip(found, inspected, strict=True), start=1
    ):
        if reason is None:
            samples[split].append(sample)
        else:
            problems.append(Problem(sample.path, reason))
        on_progress(done, len(found))
        if should_stop():
            raise Stopped
    return Dataset(
        root,
        task.name_for(multilabel=listing.multilabel),
        listing.class_names,
        {split: tuple(of_split) for split, of_split in samples.items()},
        tuple(problems),
        listing.table,
    )


def _list_folders(root: Path, task: Task, should_stop: ShouldStop) -> Listing:
    folders = split_folders(root) or {TRAIN: root}
    class_names = _class_names(root, folders.values())
    label_of = {name: label for label, name in enumerate(class_names)}
    found: list[tuple[str, Sample]] = []
    for split, folder in folders.items():
        for class_folder in subfolders(folder):
            label = label_of[class_folder.name]
            found += [
                (split, Sample(file.relative_to(root).as_posix(), label))
                for file in files_below(class_folder)
            ]
            if should_stop():
                raise Stopped
    strays = tuple(_strays(root, folders.values(), task))
    return Listing(root, class_names, found, tuple(folders), strays)


def check_trainable(dataset: Dataset) -> None:
    """Makes sure that a model can be trained on a data set.

    Raises:
        TlguiError: it cannot, with the reason and what to do.
    """
    root = dataset.source
    if not len(dataset):
        raise TlguiError(_nothing_usable(dataset))
    if dataset.table and len(dataset.class_names) < 2 and not dataset.is_multilabel:
        raise TlguiError(
            f"Expected at least two classes in {root}, or photos that show none, but "
            f"every one shows “{dataset.class_names[0]}”. Add photos without it."
        )
    if len(dataset.class_names) < 2 and not dataset.is_multilabel:
        raise TlguiError(
            f"Expected at least two classes in {root}, but found only "
            f"“{dataset.class_names[0]}”. Add a sub-folder for each further class."
        )
    for name, count in zip(dataset.class_names, dataset.counts(TRAIN), strict=True):
        if count < 2:
            found = "only one" if count else "no usable file"
            away = "the class out of the table" if dataset.table else "the folder away"
            raise TlguiError(
                f"Expected at least two usable files for every class, but found "
                f"{found} for “{name}” in {root}. Add more, or take {away}."
            )


def _nothing_usable(dataset: Dataset) -> str:
    if not dataset.problems:
        return (  # a table without a line that can be used was refused before
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
    if other.is_multilabel and not dataset.is_multilabel:
        raise TlguiError(
            f"Expected exactly one class for each photo in the validation data "
            f"{other.source}, as in {dataset.source}, but found some with several or "
            "none. Choose other validation data."
        )
    label_of = [dataset.class_names.index(name) for name in other.class_names]

    def followed(sample: Sample) -> Sample:
        first, *also = sorted(label_of[one] for one in sample.labels) or [NOTHING]
        return Sample(other.file(sample).as_posix(), first, tuple(also))

    moved = tuple(map(followed, chain(*other.samples.values())))
    if not moved:
        raise TlguiError(_nothing_usable(other))
    problems = tuple(
        Problem((other.root / problem.path).as_posix(), problem.reason)
        for problem in other.problems
    )
    samples = {**dataset.samples, VALIDATION: moved}
    return replace(dataset, samples=samples, problems=dataset.problems + problems)
