import pytest

from tests.gui.fakes import a_dataset
from tlgui.core.events import Failure, Outcome
from tlgui.core.spec import TrainingSpec
from tlgui.worker.engine import _failure
from tlgui.worker.engine_loss import ending_of_loss
from tlgui.worker.jobs import (
    ImportJob,
    PredictJob,
    RateFinderJob,
    SearchJob,
    TrainJob,
)

TRAINING = TrainJob(TrainingSpec(data="/p"), a_dataset(), "/runs", "one")


@pytest.mark.parametrize("code", [-9, 0xC0000017, 0xC000012D])
def test_the_codes_of_a_lack_of_memory(code: int) -> None:
    told = ending_of_loss(TRAINING, code, 3)
    assert (told.outcome, told.failure) == (Outcome.FAILED, Failure.MEMORY)
    assert "memory ran out" in told.trouble
    assert "3 epochs are kept, and the run can go on" in told.trouble
    assert "fewer photos" in told.trouble


@pytest.mark.parametrize("code", [-11, 1, 0xC0000005, None])
def test_another_end_is_no_lack_of_memory(code: int | None) -> None:
    told = ending_of_loss(TRAINING, code, 1)
    assert told.failure is Failure.ENGINE_LOST
    assert "fewer photos" not in told.trouble
    assert "1 finished epoch is kept, and the run can go on." in told.trouble


def test_before_the_first_epoch_it_can_go_on_too() -> None:
    assert "No epoch was finished yet" in ending_of_loss(TRAINING, -9, 0).trouble


def test_a_search_can_go_on() -> None:
    told = ending_of_loss(SearchJob("/runs/search.json", None, a_dataset()), -9, 3)
    assert told.failure is Failure.MEMORY
    assert told.trouble.endswith(
        "Every finished trial is kept, and the search can go on."
    )


def test_without_a_run_folder_there_is_nothing_to_go_on_with() -> None:
    assert "train again" in ending_of_loss(TRAINING, -9, None).trouble


def test_photos_that_were_being_named_are_named_again() -> None:
    told = ending_of_loss(PredictJob("/run", ("a.jpg",)), -9, None)
    assert "was predicting is gone" in told.trouble
    assert told.trouble.endswith("Try again.")


def test_a_model_file_that_was_being_read_is_named_as_such() -> None:
    told = ending_of_loss(ImportJob("/model.keras", "mine"), -9, None)
    assert "was reading the model file is gone" in told.trouble


def test_a_test_of_learning_rates_is_named_as_such() -> None:
    told = ending_of_loss(RateFinderJob(TRAINING.spec, TRAINING.dataset), -9, None)
    assert "was testing learning rates is gone" in told.trouble
    assert told.trouble.endswith("Try again.")


def test_memory_that_runs_out_inside_the_engine_is_the_same_failure() -> None:
    class ResourceExhaustedError(Exception):
        """As TensorFlow calls it."""

    for error in (MemoryError(), ResourceExhaustedError()):
        told = _failure(error)
        assert (told.outcome, told.failure) == (Outcome.FAILED, Failure.MEMORY)
        assert not told.bug
    assert _failure(ValueError("x")).failure is Failure.NONE
