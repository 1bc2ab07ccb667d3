"""What the worker knows of the job under way."""

import time

from tlgui.core import events
from tlgui.core.events import Stage, StageChanged, Stop
from tlgui.core.history import EpochRecord
from tlgui.worker.jobs import WarmUp
from tlgui.worker.under_way import SAVING_GRACE, STOP_GRACE, UnderWay


def under_way(**values: object) -> UnderWay:
    made = UnderWay(1, WarmUp("efficientnet-lite0"), time.monotonic())
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_it_counts_what_a_run_has_done() -> None:
    job = under_way()
    assert not job.has_folder
    started = events.RunStarted("/runs/a", ("ants", "bees"), 8, 2, 3, 1, 1, 2, 0)
    job.hear(started)
    job.hear(events.EpochEnded(EpochRecord(1, 0.5, 0.5, 0.5, 0.5, 0.1, 1.0)))
    assert (job.has_folder, job.epochs, job.saving) == (True, 1, False)
    assert job.deadline is None, "nobody asked it to stop"


def test_slow_batches_and_slow_disks_get_more_time_to_stop() -> None:
    job = under_way(heard=time.monotonic() - 10, stop=Stop.DROP)
    job.hear(events.BatchEnded(1, 1, 2, 0.5, 0.5, 10.0))
    assert job.deadline is None, "only what is to be kept is waited for anew"
    job.set_deadline()
    assert job.deadline is not None
    assert job.deadline - time.monotonic() > 3 * 10 - 1 > STOP_GRACE
    job = under_way(stop=Stop.KEEP)
    job.hear(StageChanged(Stage.SAVING))
    assert job.deadline is not None
    assert job.deadline - time.monotonic() > SAVING_GRACE - 1
