"""What the engine is asked for when a training begins."""

from collections.abc import Callable

from tlgui.core.catalogue import DEFAULT_BACKBONE
from tlgui.core.dataset import Dataset
from tlgui.core.spec import TrainingSpec
from tlgui.worker.jobs import AutoJob, Training, TrainJob

# From a data set, the folder of the runs and the name that they begin with.
Order = Callable[[Dataset, str, str], Training]


def training_order(spec: TrainingSpec, seconds: float) -> Order:
    """One run, or as many as fit into a time.

    Args:
        spec: the settings of the next run.
        seconds: in which the program is to find out by itself how to train best; 0 to
            train as the spec says.
    """

    def order(dataset: Dataset, parent: str, stem: str) -> Training:
        if not seconds:
            return TrainJob(spec, dataset, parent, stem)
        # What the person has chosen stays chosen, if it is not what stands there when
        # nobody has chosen anything.
        is_open = spec.backbone == DEFAULT_BACKBONE and not spec.start
        return AutoJob(spec, dataset, parent, stem, seconds, is_open)

    return order
