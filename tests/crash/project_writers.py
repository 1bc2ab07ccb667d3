"""The writers of everything in a project but its trainings."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from tests.crash.writer import NEW, OLD, Writer, plain_writer
from tlgui.core.dataset import TRAIN, Dataset, Sample
from tlgui.core.history import EpochRecord, read_history, write_history
from tlgui.core.manifest import FileState, Manifest, read_manifest, write_manifest
from tlgui.core.project import Project
from tlgui.core.project_copy import copy_project
from tlgui.core.project_folder import (
    DAMAGED,
    create_project,
    keep_damaged,
    read_project,
    write_project,
)
from tlgui.core.project_paths import MANIFEST, PICTURE, PROJECT, is_project
from tlgui.core.project_picture import SIDE, write_project_picture
from tlgui.core.project_runs import bin_run, list_runs, restore_run
from tlgui.core.run import create_run, open_run
from tlgui.core.settings import AppSettings, read_settings, write_settings
from tlgui.core.spec import TrainingSpec

_ROOT = Path("/photos")
_Content = TypeVar("_Content")


def _either(value: _Content, old: _Content, new: _Content) -> str:
    return {True: NEW}.get(value == new, OLD if value == old else repr(value)[:200])


def _in_turn(
    write: Callable[[Path, _Content], None],
    read: Callable[[Path], _Content],
    old: _Content,
    new: _Content,
) -> Writer:
    return plain_writer(
        lambda folder: write(folder, old),
        lambda folder: write(folder, new),
        lambda folder: _either(read(folder), old, new),
    )


def _manifest(files: int) -> Manifest:
    dataset = Dataset(_ROOT, "image-classification", ("a", "b"), {})
    return Manifest(dataset, {f"a/{n}.jpg": FileState(n, 1) for n in range(files)})


def _photo(place: Path, colour: int) -> Dataset:
    """A data set of one photo of one colour, beside the watched folder."""
    root = place.with_name(f"photos-{colour}-{place.name}")
    root.mkdir(exist_ok=True)
    Image.fromarray(np.full((40, 50, 3), colour, np.uint8)).save(root / "a.png")
    samples = (Sample("a.png", 0),)
    return Dataset(root, "image-classification", ("a", "b"), {TRAIN: samples})


def _colour(folder: Path) -> int:
    with Image.open(folder / PICTURE) as picture:
        assert max(picture.size) == SIDE or picture.size == (50, 40)
        return int(np.asarray(picture.convert("RGB")).max())


def _records(count: int) -> tuple[EpochRecord, ...]:
    return tuple(
        EpochRecord(epoch, 0.5, 0.75, 0.25, 0.5, 0.125, 1.0)
        for epoch in range(1, count + 1)
    )


def _make_run(folder: Path) -> None:
    create_run(folder / "runs" / "one", TrainingSpec(data="/photos"), ["a", "b"])


def _with_run(folder: Path) -> None:
    create_project(folder / "a.tlgui", Project(best=0.1))
    _make_run(folder / "a.tlgui")


def _whole_runs(project: Path) -> list[str]:
    """Where the run is, if it is whole."""
    found = []
    for room in ("runs", "bin"):
        place = project / room / "one"
        if place.is_dir():
            assert open_run(place).history() == ()
            found.append(room)
    return found


def _bin(folder: Path) -> None:
    bin_run(folder / "a.tlgui", "one")


def _binned(folder: Path) -> None:
    _with_run(folder)
    _bin(folder)


def _restore(folder: Path) -> None:
    restore_run(folder / "a.tlgui", "one")


def _copied(folder: Path) -> str:
    """Whether there is a copy; one that goes by its name is whole."""
    copy = folder / "b.tlgui"
    if not copy.exists():
        return OLD
    whole = read_project(copy).project.best == 0.1 and _whole_runs(copy) == ["runs"]
    return NEW if whole else "half a copy"


def _created(folder: Path) -> str:
    """Whether there is a project; what is none yet holds nothing."""
    project = folder / "a.tlgui"
    if is_project(project):
        fits = read_project(project).project.best == 0.9 and list_runs(project)
        return NEW if fits == ((), ()) else "another project"
    return OLD


def _run_there(folder: Path) -> str:
    """Whether there is a run; what has no spec is none."""
    place = folder / "runs" / "one"
    if not (place / "spec.json").exists():
        return OLD
    run = open_run(place)
    whole = run.class_names == ("a", "b") and run.history() == ()
    return NEW if whole else "another run"


def _damage(folder: Path) -> None:
    (folder / PROJECT).write_bytes(b"{")


def _kept_aside(folder: Path) -> str:
    assert (folder / PROJECT).read_bytes() == b"{"
    aside = folder / DAMAGED
    if not aside.exists():
        return OLD
    return NEW if aside.read_bytes() == b"{" else "half of it"


PROJECT_WRITERS: dict[str, Writer] = {
    "project": _in_turn(
        write_project,
        lambda folder: read_project(folder).project,
        Project(best=0.1),
        Project(best=0.9),
    ),
    "manifest": _in_turn(
        lambda folder, manifest: write_manifest(folder / MANIFEST, manifest),
        lambda folder: read_manifest(folder / MANIFEST, _ROOT) or _manifest(0),
        _manifest(3),
        _manifest(4),
    ),
    "picture": _in_turn(
        lambda folder, colour: write_project_picture(
            folder / PICTURE, _photo(folder, colour)
        ),
        _colour,
        50,
        200,
    ),
    "settings": _in_turn(
        lambda folder, values: write_settings(values, folder / "settings.json"),
        lambda folder: read_settings(folder / "settings.json"),
        AppSettings(last_project="old"),
        AppSettings(last_project="new"),
    ),
    "history": _in_turn(
        lambda folder, records: write_history(folder / "history.csv", records),
        lambda folder: read_history(folder / "history.csv"),
        _records(2),
        _records(3),
    ),
    "aside": plain_writer(_damage, keep_damaged, _kept_aside),
    "bin": plain_writer(
        _with_run,
        _bin,
        lambda folder: _either(_whole_runs(folder / "a.tlgui"), ["runs"], ["bin"]),
    ),
    "undo": plain_writer(
        _binned,
        _restore,
        lambda folder: _either(_whole_runs(folder / "a.tlgui"), ["bin"], ["runs"]),
    ),
    "copy": plain_writer(
        _with_run,
        lambda folder: copy_project(folder / "a.tlgui", folder / "b.tlgui"),
        _copied,
    ),
    "new project": plain_writer(
        lambda folder: None,
        lambda folder: create_project(folder / "a.tlgui", Project(best=0.9)),
        _created,
    ),
    "new run": plain_writer(lambda folder: None, _make_run, _run_there),
}
