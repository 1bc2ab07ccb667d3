"""Jobs reach the functions that do them."""

from pathlib import Path

import pytest

from tests.gui.fakes import a_dataset
from tlgui.core.dataset import Dataset
from tlgui.core.events import Emit, Outcome, Stop, StopRequest
from tlgui.core.search import SearchSpec, SearchState
from tlgui.core.search_file import read_search
from tlgui.core.search_space import usual_range
from tlgui.core.spec import TrainingSpec
from tlgui.ml import search as searching
from tlgui.worker.doing import do
from tlgui.worker.jobs import SearchJob


def test_a_search_begins_in_its_file_and_goes_on_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[SearchState, Path]] = []

    def search(
        state: SearchState, file: Path, emit: Emit, stop: StopRequest, data: Dataset
    ) -> None:
        asked.append((state, file))

    monkeypatch.setattr(searching, "search_settings", search)
    base = TrainingSpec(data="/photos")
    spec = SearchSpec(base, (("epochs", usual_range("epochs", base)),))
    file = tmp_path / "runs" / "s search.json"
    new = SearchJob(str(file), spec, a_dataset())
    assert do(new, lambda event: None, lambda: None) is Outcome.COMPLETED
    assert read_search(file) == SearchState(spec)
    more = SearchJob(str(file), None, a_dataset())
    assert do(more, lambda event: None, lambda: Stop.PAUSE) is Outcome.STOPPED
    assert asked == [(SearchState(spec), file)] * 2
