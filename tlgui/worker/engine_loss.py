"""What a person is told when the engine ends by itself."""

from tlgui.core.events import Failure, JobEnded, Outcome
from tlgui.worker.jobs import (
    ImportJob,
    Job,
    RankJob,
    RateFinderJob,
    SearchJob,
    Training,
)

# SIGKILL, as sent where memory runs out; Windows' STATUS_NO_MEMORY and
# STATUS_COMMITMENT_LIMIT.
# https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-erref/596a1078-e883-4972-9bbc-49e60bebca55
_MEMORY_CODES = (-9, 0xC0000017, 0xC000012D)


def ending_of_loss(job: Job, code: int | None, epochs: int | None) -> JobEnded:
    """The last event of a job whose engine is gone.

    Args:
        job: which.
        code: the exit code of the engine.
        epochs: how many were finished; None if there is no run folder yet.
    """
    reason, failure = "it ended unexpectedly", Failure.ENGINE_LOST
    if code in _MEMORY_CODES:
        reason = "the system ended it, most likely because memory ran out"
        failure = Failure.MEMORY
    trouble = (
        f"The part of the program that was {_work(job)} is gone: {reason} "
        f"(code {code}). A new one is starting. {_advice(job, failure, epochs)}"
    )
    return JobEnded(Outcome.FAILED, trouble, failure=failure)


def _work(job: Job) -> str:
    if isinstance(job, Training):
        return "training"
    if isinstance(job, RankJob):
        return "comparing models"
    if isinstance(job, RateFinderJob):
        return "testing learning rates"
    return "reading the model file" if isinstance(job, ImportJob) else "predicting"


def _advice(job: Job, failure: Failure, epochs: int | None) -> str:
    if not isinstance(job, Training):
        return "Try again."
    if isinstance(job, SearchJob):
        return "Every finished trial is kept, and the search can go on."
    if epochs is None:
        return "Close other programs that need much memory, and train again."
    kept = "No epoch was finished yet, but the run can go on"
    if epochs:
        finished = "1 finished epoch is" if epochs == 1 else f"{epochs} epochs are"
        kept = f"{finished} kept, and the run can go on"
    if failure is Failure.MEMORY:
        return f"{kept}, also with fewer photos at a time, which needs less memory."
    return f"{kept}."
