"""Where a run gets the weights that it starts from: read once, then its own."""

from pathlib import Path

from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.network import write_network
from tlgui.core.run import MODEL, Run
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import WEIGHTS, StartingPoint, open_starting_point
from tlgui.core.task import find_task
from tlgui.ml.foreign.gate import open_foreign
from tlgui.ml.models import HEAD_OUTPUT
from tlgui.ml.start_file import (
    StartingWeights,
    make_starting_weights,
    read_start_file,
    write_start_file,
)


def read_start(spec: TrainingSpec) -> StartingWeights | None:
    """Reads what a new run is to start from; TensorFlow is not needed for it.

    Returns:
        The weights; None for those of the catalogue.

    Raises:
        TlguiError: the starting point is none, is damaged, or has another backbone.
    """
    if not spec.start:
        return None
    point = open_starting_point(Path(spec.start))
    point.check_backbone(spec.backbone)
    if point.is_run:
        return _of_run(point)
    return _read(point.folder / WEIGHTS, point.backbone)


def start_of(run: Run) -> StartingWeights | None:
    """What a run started from: its own copy.

    Returns:
        The weights; None for those of the catalogue.

    Raises:
        TlguiError: the copy is missing or damaged.
    """
    if not run.spec.start:
        return None
    return _read(run.folder / WEIGHTS, run.spec.backbone)


def keep_start(start: StartingWeights | None, run: Path) -> None:
    """Puts a copy of what a run starts from into its folder.

    Raises:
        TlguiError: it cannot be written.
    """
    if start is not None:
        write_start_file(run / WEIGHTS, start)
        write_network(start.backbone, run)


def backbone_with(
    start: StartingWeights | None, spec: TrainingSpec, run: Path
) -> Backbone:
    """The backbone of a run, with the weights that it starts from.

    Args:
        start: what it starts from.
        spec: of the run.
        run: its folder, which has or will have its copy of `start`.
    """
    return start.backbone_in(run / WEIGHTS) if start else find_backbone(spec.backbone)


def _of_run(point: StartingPoint) -> StartingWeights:
    """The weights of a finished run, which may come from a stranger too."""
    file = point.folder / MODEL
    layers = {layer.name: layer.weights for layer in open_foreign(file).layers}
    try:
        head = layers.pop(HEAD_OUTPUT)
        backbone = find_backbone(point.backbone)
        return make_starting_weights(
            backbone,
            layers,
            head,
            point.class_names,
            multilabel=find_task(point.task).multilabel,
        )
    except (KeyError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise TlguiError(
            f"The model {file} does not fit its run or is damaged ({reason}). Start "
            "from another one."
        ) from error


def _read(file: Path, backbone: str) -> StartingWeights:
    """Reads our own file, and makes sure that it is what its folder says."""
    weights = read_start_file(file)
    if weights.backbone != backbone:
        raise TlguiError(
            f"The weights to start from in {file} are those of {weights.backbone}, "
            f"but {backbone} was expected. Train anew, or start from another model."
        )
    return weights
