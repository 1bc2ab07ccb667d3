"""What a training can go on from: a finished run, or a model that was imported.

<models folder>/my model/start.weights.npz   the weights, read by the engine alone
                         about.json          what is told of them
"""

import dataclasses
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlgui import paths
from tlgui.core import storage
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.network import adopt_network
from tlgui.core.project_paths import is_link, is_plain_file, is_plain_name, read_json
from tlgui.core.project_runs import summarise
from tlgui.core.run import SPEC, open_finished_run
from tlgui.core.task import IMAGE_CLASSIFICATION

ABOUT, WEIGHTS = "about.json", "start.weights.npz"
ABOUT_VERSION = 1
_MOST_CLASSES, _MOST_LETTERS = 100_000, 1_000


@dataclass(frozen=True)
class StartingPoint:
    """A model that a training can go on from.

    Attributes:
        folder: where it is.
        title: as shown.
        backbone: a name of the catalogue: its architecture.
        class_names: that its head knows, in index order; empty if it has none.
        is_run: whether it is a finished run, or else an imported model.
        accuracy: of a run on its validation samples, 0..1; -1 if unknown.
        created: in ISO 8601; "" if unknown.
        report: of an imported model, how many of its layers matched, for a person.
        task: of a run.
    """

    folder: Path
    title: str
    backbone: str
    class_names: tuple[str, ...]
    is_run: bool
    accuracy: float = -1.0
    created: str = ""
    report: str = ""
    task: str = IMAGE_CLASSIFICATION.name

    def knows(self, class_names: Sequence[str], task: str) -> bool:
        """Whether its head knows one of some classes, and answers as the task does."""
        return task == self.task and bool({*self.class_names} & {*class_names})

    def check_backbone(self, wanted: str) -> None:
        """Makes sure that a training wants the backbone that this is.

        Raises:
            TlguiError: it wants another one.
        """
        if wanted != self.backbone:
            raise TlguiError(
                f"The training is to start from {self.folder}, whose backbone is "
                f"{self.backbone}, but {wanted} was chosen. Choose {self.backbone}, "
                "or start from another model."
            )


def find_starting_point(wish: str) -> StartingPoint:
    """Finds a starting point by its folder, or an imported model by its name.

    Raises:
        TlguiError: there is none.
    """
    folder = Path(wish).absolute()
    if not folder.exists() and is_plain_name(wish):
        named = paths.models_dir() / wish
        folder = named if named.is_dir() else folder
    return open_starting_point(folder)


def open_starting_point(folder: Path) -> StartingPoint:
    """Reads what is told of a finished run or of an imported model.

    Raises:
        TlguiError: the folder is neither, is damaged, or has no model.
    """
    if (folder / SPEC).is_file():
        return _of_run(folder)
    if not is_plain_file(folder / ABOUT):
        found = "a folder of something else" if folder.is_dir() else "no such folder"
        raise TlguiError(
            f"Expected a finished run or an imported model at {folder}, but found "
            f"{found}. Choose a run folder, or import a model file first."
        )
    try:
        return _from_json(folder, read_json(folder / ABOUT))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TlguiError(
            f"The imported model {folder} cannot be read ({error}). Remove it and "
            "import its file again."
        ) from error


def imported_models(
    root: Path | None = None,
) -> tuple[tuple[StartingPoint, ...], tuple[str, ...]]:
    """Reads all imported models.

    Args:
        root: the folder in which they lie, if it is not the person's own.

    Returns:
        The models, newest first, and a sentence for each that cannot be read.
    """
    root = paths.models_dir() if root is None else root
    found: list[StartingPoint] = []
    problems: list[str] = []
    for folder in _folders(root):
        try:
            found.append(open_starting_point(folder))
        except TlguiError as error:
            problems.append(str(error))
    found.sort(key=lambda point: (point.created, point.title), reverse=True)
    return tuple(found), tuple(problems)


def write_about(folder: Path, point: StartingPoint) -> None:
    """Writes what is told of an imported model into its folder.

    Raises:
        TlguiError: it cannot be written.
    """
    values = dataclasses.asdict(point)
    for name in ("folder", "is_run", "accuracy", "task"):  # told by place, or of runs
        del values[name]
    storage.write_json(folder / ABOUT, {"version": ABOUT_VERSION, **values})


def remove_imported(folder: Path) -> None:
    """Deletes an imported model. Runs that started from it keep what they need.

    Raises:
        TlguiError: it is no imported model, or cannot be deleted.
    """
    root = paths.models_dir().resolve()
    inside = folder.parent.resolve() == root and is_plain_name(folder.name)
    if not inside or is_link(folder) or not folder.is_dir():
        raise TlguiError(
            f"Expected an imported model in {root}, but found {folder}. Only models "
            "that were imported are removed here."
        )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise TlguiError(
            f"The imported model {folder} cannot be deleted ({error.strerror}). Close "
            "other programs that use its files and try again."
        ) from error


def _of_run(folder: Path) -> StartingPoint:
    run, summary = open_finished_run(folder), summarise(folder)
    return StartingPoint(
        folder,
        folder.name,
        run.spec.backbone,
        run.class_names,
        is_run=True,
        accuracy=-1.0 if summary.accuracy is None else summary.accuracy,
        created=summary.begun,
        task=run.spec.task,
    )


def _from_json(folder: Path, values: Any) -> StartingPoint:
    if values["version"] != ABOUT_VERSION:
        raise ValueError(f"its version is {values['version']!r:.20}")
    if not is_plain_file(folder / WEIGHTS):
        raise ValueError(f"{WEIGHTS} is missing")
    backbone, names = _text(values["backbone"]), values["class_names"]
    adopt_network(backbone, [folder])
    if not isinstance(names, list) or len(names) > _MOST_CLASSES:
        raise TypeError("expected a list of class names")
    return StartingPoint(
        folder,
        _text(values["title"]),
        find_backbone(backbone).name,
        tuple(map(_text, names)),
        is_run=False,
        created=_text(values["created"]),
        report=_text(values["report"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_LETTERS:
        raise TypeError("expected a text")
    return value


def _folders(root: Path) -> list[Path]:
    """What may be an imported model; one that is just being written is hidden."""
    try:
        found = sorted(root.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TlguiError(
            f"The imported models in {root} cannot be read ({error.strerror}). Check "
            "the permissions of this folder."
        ) from error
    return [f for f in found if f.is_dir() and not f.name.startswith(".")]
