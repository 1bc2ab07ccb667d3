"""Makes a starting point of a model file of somebody else."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from tlgui import paths
from tlgui.core import storage
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.checkpoint import Array
from tlgui.core.errors import Stopped, TlguiError, cannot_write
from tlgui.core.events import ModelImported
from tlgui.core.model_notes import ModelNotes
from tlgui.core.network import keep_network, write_network
from tlgui.core.project_paths import tidy_name
from tlgui.core.run import new_run_name
from tlgui.core.starting_point import WEIGHTS, StartingPoint, write_about
from tlgui.ml.applications import turn_channels
from tlgui.ml.backbones import build_backbone
from tlgui.ml.foreign.gate import ForeignModel, open_foreign
from tlgui.ml.foreign.matching import MatchReport, assign_matched, match_weights
from tlgui.ml.foreign.recognition import nearest, recognise
from tlgui.ml.foreign.refusal import plain_text
from tlgui.ml.foreign.saved_layers import plain_name
from tlgui.ml.hub_presets import open_preset, preset_folder
from tlgui.ml.own_networks import own_network
from tlgui.ml.start_file import (
    StartingWeights,
    make_starting_weights,
    write_start_file,
)

_HEAD = "its head"
_AS_IT_SAYS = ModelNotes()


def import_model(
    file: Path,
    title: str = "",
    should_stop: Callable[[], bool] = lambda: False,
    notes: ModelNotes = _AS_IT_SAYS,
) -> ModelImported:
    """Opens a model file through the gate and keeps its weights to start from.

    Of a backbone of the catalogue every layer must be in the file. Its head is left
    out: what its classes are called is not in such a file. Any other model becomes a
    network of one's own (`own_networks`), with its head.

    Args:
        file: `.keras`, `.weights.h5` or `.h5`; or a preset folder of keras-hub.
        title: how the person wants to call it; the file's name if empty.
        should_stop: asked between the steps, each of which takes a few seconds.
        notes: what the person says of a network of their own.

    Returns:
        Where it is kept, and how many layers matched.

    Raises:
        TlguiError: the file is refused, is of another architecture, or its weights
            cannot be kept; says why and what to do.
        Stopped: `should_stop` said so.
    """

    def go_on() -> None:
        if should_stop():
            raise Stopped

    notes.check()
    preset = preset_folder(file)
    if preset is not None:
        _check_unneeded(notes, preset, "a preset of keras-hub")
        return _import_preset(preset, title.strip() or preset.name, go_on)
    foreign = open_foreign(file)
    go_on()
    name = recognise(foreign.layers)
    go_on()
    title = title.strip() or file.name.split(".")[0]
    if name is None:
        return _import_network(foreign, notes, title, go_on)
    _check_unneeded(notes, file, find_backbone(name).title)
    report, weights = _taken(foreign, find_backbone(name))
    go_on()
    folder = _keep(weights, title, report.sentence())
    return ModelImported(
        str(folder), len(report.matched), report.total, report.sentence()
    )


def _check_unneeded(notes: ModelNotes, file: Path, what: str) -> None:
    """Makes sure that nothing is said of a model that would not be heeded."""
    if notes != _AS_IT_SAYS:
        raise TlguiError(
            f"{file} is {what}, so its pixel values are known and its head is "
            "replaced, but pixels or classes were given. Leave these two out."
        )


def _import_preset(
    folder: Path, title: str, go_on: Callable[[], None]
) -> ModelImported:
    """Keeps a preset of keras-hub as a network of one's own."""
    network, layers = open_preset(folder, go_on)
    go_on()
    keep_network(network)
    weights = make_starting_weights(find_backbone(network.name), layers)
    report = (
        f"All {len(layers)} layers with weights of the preset were read, and give the "
        f"same numbers as in keras-hub. New, to be trained on your photos: {_HEAD}."
    )
    kept = _keep(weights, title, report)
    return ModelImported(str(kept), len(layers), len(layers) + 1, report)


def _import_network(
    foreign: ForeignModel, notes: ModelNotes, title: str, go_on: Callable[[], None]
) -> ModelImported:
    """Keeps a model that is none of the catalogue as a network of one's own."""
    like = nearest(foreign.layers)
    if like is not None:  # one of the catalogue that is not whole
        raise _other_architecture(foreign, *like)
    own = own_network(foreign, notes)
    go_on()
    keep_network(own.network)
    backbone = find_backbone(own.network.name)
    _check_finite(foreign, own.layers)
    weights = make_starting_weights(backbone, own.layers, own.head, own.class_names)
    folder = _keep(weights, title, own.sentence)
    return ModelImported(str(folder), own.read, own.read, own.sentence)


def _taken(
    foreign: ForeignModel, backbone: Backbone
) -> tuple[MatchReport, StartingWeights]:
    """The backbone's weights of a file that was recognised."""
    model = build_backbone(backbone, pretrained=False)
    report = match_weights(foreign.layers, model)
    assign_matched(report, model)
    first = report.matched[0]
    if plain_name(first.saved.name.rpartition("/")[2]) != plain_name(first.layer):
        turn_channels(backbone.name, model)  # it is Keras' own, not saved by us
    layers = {la.name: tuple(la.get_weights()) for la in model.layers if la.weights}
    _check_finite(foreign, layers)
    told = MatchReport(report.matched, (_HEAD,), report.unused)
    return told, make_starting_weights(backbone, layers)


def _check_finite(foreign: ForeignModel, layers: Mapping[str, Sequence[Array]]) -> None:
    if not all(np.isfinite(w).all() for arrays in layers.values() for w in arrays):
        raise TlguiError(
            f"The model {foreign.path} was not opened: its weights are larger than "
            "the numbers that training takes. Ask for an earlier version of the model."
        )


def _other_architecture(
    foreign: ForeignModel, name: str, report: MatchReport
) -> TlguiError:
    known = ", ".join(backbone.title for backbone in CATALOGUE.values())
    found = f"it has layers that {find_backbone(name).title} does not have"
    if report.new:
        found = (
            f"only {len(report.matched)} of the {report.total} layers of "
            f"{find_backbone(name).title} are in it"
        )
    return TlguiError(
        f"The model {foreign.path} is of an architecture that is not known here: "
        f"{found}. Expected one of {known} with all its layers; only the head may "
        "differ. Choose such a model, for example one that this program has saved."
    )


def _keep(weights: StartingWeights, title: str, report: str) -> Path:
    """Puts weights into a new folder among the imported models, whole or not at all."""
    root = paths.models_dir()
    point = StartingPoint(
        root,
        plain_text(title),
        weights.backbone,
        weights.class_names,
        is_run=False,
        created=datetime.now().isoformat(timespec="seconds"),
        report=report,
    )
    with _draft(root) as draft:
        write_start_file(draft / WEIGHTS, weights)
        write_network(weights.backbone, draft)
        write_about(draft, point)
        folder = new_run_name(root, tidy_name(title))
        try:
            draft.rename(folder)
            storage.flush_folder(root)
        except OSError as error:
            raise cannot_write(folder, error) from error
    return folder


@contextlib.contextmanager
def _draft(root: Path) -> Iterator[Path]:
    """A hidden folder that is removed again unless it was renamed."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".import-", dir=root))
    except OSError as error:
        raise cannot_write(root, error) from error
    try:
        draft.chmod(0o777 & ~storage.umask())
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
