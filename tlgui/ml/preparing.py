"""Gets a run's data together: scanned, checked, with validation samples."""

import dataclasses
from pathlib import Path

from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import find_backbone
from tlgui.core.dataset import Dataset
from tlgui.core.errors import TlguiError
from tlgui.core.events import Emit, ProgressMade, Stage, StopRequest, never_stop
from tlgui.core.scan import check_trainable, scan, validation_folder
from tlgui.core.spec import TrainingSpec, fitted_to
from tlgui.core.split import split_off_validation
from tlgui.core.task import find_task
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.scan_check import ScanCheck


def prepare_data(
    spec: TrainingSpec,
    emit: Emit,
    stop: StopRequest = never_stop,
    dataset: Dataset | None = None,
    memory: PixelMemory | None = None,
    backbone: Backbone | None = None,
) -> Dataset:
    """Scans what was not scanned yet and sees to validation samples.

    Args:
        spec: decides the run.
        emit: told the progress.
        stop: asked between files.
        dataset: what was scanned already.
        memory: keeps what the scan decodes, for the training.
        backbone: with the weights that the run starts from, by which what is kept of
            files is found; as in the catalogue if not given.

    Returns:
        A data set with training and validation samples, fit to train on.

    Raises:
        TlguiError: it is not fit, and why.
        Stopped: `stop` said so.
    """
    memory = PixelMemory() if memory is None else memory
    backbone = backbone or find_backbone(spec.backbone)

    def read(folder: Path) -> Dataset:
        with ScanCheck(spec, backbone, memory) as check:
            return scan(
                folder,
                dataclasses.replace(find_task(spec.task), inspect=check.inspect),
                on_progress=lambda done, total: emit(
                    ProgressMade(Stage.READING, done, total)
                ),
                should_stop=lambda: stop() is not None,
            )

    if dataset is None:
        dataset = read(Path(spec.data))
    check_trainable(dataset)
    if isinstance(spec.validation, str):
        return validation_folder(dataset, read(Path(spec.validation)))
    if dataset.has_validation:
        return dataset
    return split_off_validation(dataset, spec.validation, spec.seed)


def fitted(spec: TrainingSpec, dataset: Dataset) -> TrainingSpec:
    """The spec for what the samples show, which is known now.

    Args:
        spec: made before that was known.
        dataset: scanned.

    Raises:
        TlguiError: its loss is for samples of the other kind.
    """
    task = find_task(spec.task)
    if task.multilabel and not dataset.is_multilabel:
        raise TlguiError(
            f"Expected {task.plural} that may show several classes in "
            f"{dataset.source}, since the loss is {spec.loss}, but each shows exactly "
            "one. Choose the loss cross-entropy, or a table with several classes each."
        )
    suited = fitted_to(spec, dataset.task)
    suited.check()
    return suited
