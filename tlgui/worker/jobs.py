"""What the window can ask of the engine, as plain values that cross processes."""

from dataclasses import dataclass, field

from tlgui.core.dataset import Dataset
from tlgui.core.model_notes import ModelNotes
from tlgui.core.search import SearchSpec
from tlgui.core.spec import TrainingSpec


@dataclass(frozen=True)
class WarmUp:
    """Do what is slow only the first time, while the person still chooses.

    Attributes:
        backbone: the chosen one.
        files: some of the person's samples, if they are known.
    """

    backbone: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpeedJob:
    """Find out how fast this computer trains, unless that is known."""


@dataclass(frozen=True)
class TrainJob:
    """Fine-tune a model.

    Attributes:
        spec: decides the run.
        dataset: as scanned already, so that nothing is read twice.
        parent: the folder in which the run folder is made.
        stem: the wished name of the run folder.
    """

    spec: TrainingSpec
    dataset: Dataset
    parent: str
    stem: str


@dataclass(frozen=True)
class ResumeJob:
    """Go on with a run that was interrupted.

    Attributes:
        run: the run folder.
        dataset: as scanned already.
        at_once: the most samples that go through the model at once, where memory ran
            out; 0 for as many as before.
    """

    run: str
    dataset: Dataset
    at_once: int = 0


@dataclass(frozen=True)
class AutoJob:
    """Train without being told how, within a time.

    Attributes:
        spec: everything that is not chosen by the program.
        dataset: as scanned already.
        parent: the folder in which the run folders are made.
        stem: with which their names begin.
        seconds: that it may take.
        chooses_backbone: whether the program chooses the backbone too.
    """

    spec: TrainingSpec
    dataset: Dataset
    parent: str
    stem: str
    seconds: float
    chooses_backbone: bool


@dataclass(frozen=True)
class SearchJob:
    """Search for better settings, or go on with a search that was interrupted.

    Attributes:
        file: of the search, beside which its runs lie.
        spec: what is searched; None to go on with what is in the file.
        dataset: as scanned already.
    """

    file: str
    spec: SearchSpec | None
    dataset: Dataset


@dataclass(frozen=True)
class PredictJob:
    """Name the class of pictures with a finished run.

    Attributes:
        run: the run folder.
        sources: a path, or (name, bytes) for a picture that was pasted.
    """

    run: str
    sources: tuple[str | tuple[str, bytes], ...]


@dataclass(frozen=True)
class ImportJob:
    """Open a model file of somebody else, as something to start from.

    Attributes:
        file: the model file.
        title: how the person wants to call it.
        notes: what the person says of it.
    """

    file: str
    title: str
    notes: ModelNotes = field(default_factory=ModelNotes)


@dataclass(frozen=True)
class RankJob:
    """Try backbones on some of the person's samples, without training.

    Attributes:
        dataset: as scanned already.
        backbones: names of the catalogue, whose weights are on this computer.
    """

    dataset: Dataset
    backbones: tuple[str, ...]


@dataclass(frozen=True)
class RateFinderJob:
    """Test learning rates for a training, without a run.

    Attributes:
        spec: of the training.
        dataset: as scanned already.
    """

    spec: TrainingSpec
    dataset: Dataset


Training = TrainJob | ResumeJob | AutoJob | SearchJob
Background = WarmUp | SpeedJob
Looking = PredictJob | ImportJob | RankJob | RateFinderJob
Job = Background | Training | Looking
