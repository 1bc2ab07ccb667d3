"""A search over settings with the real engine."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tlgui import cli
from tlgui.core.errors import DivergedError, TlguiError
from tlgui.core.events import EpochEnded, Event, Stop
from tlgui.core.run import create_run, open_run
from tlgui.core.search import SearchSpec, SearchState, Trial, TrialOutcome
from tlgui.core.search_events import SearchBegan, SearchEnded, TrialBegan, TrialEnded
from tlgui.core.search_file import SearchLock, begin_search, read_search, write_search
from tlgui.core.search_space import Choices, Span, applied
from tlgui.core.spec import TrainingSpec
from tlgui.ml import search as searching
from tlgui.ml.search import search_settings
from tlgui.ml.training import train

pytestmark = pytest.mark.tf

RANGES = (
    ("learning_rate", Span(1e-5, 1e-1)),
    ("head_decay", Choices((0.0, 0.001, 0.01))),
)


class Killed(BaseException):
    """The process is gone; nothing that catches errors runs."""


def a_search(data: Path, trials: int = 7, seconds: float = 0.0) -> SearchSpec:
    base = TrainingSpec(data=str(data), epochs=4, augmentation="none", batch_size=4)
    return SearchSpec(base, RANGES, trials, seconds)


def go(
    file: Path,
    spec: SearchSpec,
    emit: Callable[[Event], None] = lambda event: None,
    stop: Callable[[], Stop | None] = lambda: None,
) -> SearchState:
    state = read_search(file) if file.exists() else begin_search(file, spec)
    return search_settings(state, file, emit, stop)


def alike(state: SearchState) -> tuple[Trial, ...]:
    """The trials without the time they took."""
    return tuple(dataclasses.replace(trial, seconds=0.0) for trial in state.trials)


_UNDISTURBED: list[tuple[Trial, ...]] = []


@pytest.fixture
def whole(colours: Path, tmp_path: Path) -> tuple[Trial, ...]:
    """The trials of a search that nothing interrupted; searched once.

    How many there may be decides nothing about what is tried.
    """
    if not _UNDISTURBED:
        found = go(tmp_path / "whole" / "search.json", a_search(colours))
        _UNDISTURBED.append(alike(found))
    return _UNDISTURBED[0]


def test_trials_are_ordinary_runs_and_the_file_knows_them(
    colours: Path, tmp_path: Path
) -> None:
    told: list[Event] = []
    file = tmp_path / "search.json"
    found = go(file, a_search(colours), told.append)
    assert found.is_over
    assert read_search(file) == found
    assert isinstance(told[0], SearchBegan)
    assert told[-1] == SearchEnded(str(file), found)
    begun = [event.number for event in told if isinstance(event, TrialBegan)]
    ended = [event.trial for event in told if isinstance(event, TrialEnded)]
    assert begun == [1, 2, 3, 4, 5, 6, 7]
    assert tuple(ended) == found.trials
    behind = [t for t in found.trials if t.outcome is TrialOutcome.PRUNED]
    assert behind
    assert all(2 <= len(trial.course) < 4 and trial.total for trial in behind)
    for trial in found.trials:
        run = open_run(tmp_path / trial.run)
        assert run.spec == applied(found.spec.base, trial.values)
        assert run.model_file.exists() == trial.has_model
        assert not (run.folder / "checkpoints").exists()
        assert len(run.history()) == len(trial.course)
        if trial.has_model:
            assert run.evaluation().accuracy == trial.accuracy
    files = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert files == {"search.json"}


def test_a_pause_changes_nothing(
    colours: Path, tmp_path: Path, whole: tuple[Trial, ...]
) -> None:
    file = tmp_path / "paused" / "search.json"
    for epochs, stop in ((2, Stop.PAUSE), (7, Stop.DROP), (12, Stop.PAUSE)):
        told: list[Event] = []

        def asked(
            told: list[Event] = told, epochs: int = epochs, stop: Stop = stop
        ) -> Stop | None:
            count = sum(isinstance(event, EpochEnded) for event in told)
            return stop if count >= epochs else None

        state = go(file, a_search(colours, 5), told.append, asked)
        assert not state.is_over
        assert state == read_search(file)
    assert alike(go(file, a_search(colours, 5))) == whole[:5]


def test_a_kill_loses_no_trial_and_changes_nothing(
    colours: Path, tmp_path: Path, whole: tuple[Trial, ...]
) -> None:
    file = tmp_path / "killed" / "search.json"
    for number, kind in ((2, EpochEnded), (2, TrialBegan), (2, TrialEnded)):
        told: list[Event] = []

        def emit(
            event: Event,
            told: list[Event] = told,
            number: int = number,
            kind: type[Event] = kind,
        ) -> None:
            told.append(event)
            trials = sum(isinstance(one, TrialBegan) for one in told)
            if trials == number and isinstance(event, kind):
                raise Killed

        with pytest.raises(Killed):
            go(file, a_search(colours, 5), emit)
        kept = read_search(file).trials
        ended = [event.trial for event in told if isinstance(event, TrialEnded)]
        assert {trial.number for trial in ended} <= {trial.number for trial in kept}
    assert alike(go(file, a_search(colours, 5))) == whole[:5]


def test_a_kill_between_a_run_and_its_note_takes_the_run_as_it_is(
    colours: Path,
    tmp_path: Path,
    whole: tuple[Trial, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "killed" / "search.json"
    write = write_search

    def killed(file: Path, state: SearchState) -> None:
        if state.trials:
            raise Killed
        write(file, state)

    monkeypatch.setattr(searching, "write_search", killed)
    with pytest.raises(Killed):
        go(file, a_search(colours, 2))
    monkeypatch.setattr(searching, "write_search", write)
    draft = file.parent / ".search-abcdefgh.json"
    draft.write_text("{")
    model = file.parent / "trial 1" / "model.keras"
    before = model.stat().st_mtime_ns
    assert alike(go(file, a_search(colours, 2))) == whole[:2]
    assert model.stat().st_mtime_ns == before
    assert not draft.exists()


def test_to_stop_and_keep_keeps_the_trial_under_way(
    colours: Path, tmp_path: Path
) -> None:
    told: list[Event] = []
    file = tmp_path / "search.json"

    def asked() -> Stop | None:
        count = sum(isinstance(event, EpochEnded) for event in told)
        return Stop.KEEP if count >= 6 else None

    state = go(file, a_search(colours), told.append, asked)
    assert [trial.outcome for trial in state.trials] == ["finished", "cut"]
    assert state.trials[1].total == state.trials[0].total
    assert not state.is_over


def test_what_cannot_be_trained_is_told_and_the_search_goes_on(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = {"trial 2": MemoryError(), "trial 3": DivergedError("Too large.")}

    def failing(spec: TrainingSpec, folder: Path, *rest: object) -> object:
        if folder.name in troubles:
            train(spec, folder, lambda event: None, lambda: Stop.PAUSE)
            create_run(folder, spec, ("blue", "red"))
            raise troubles[folder.name]
        return train(spec, folder, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(searching, "train", failing)
    state = go(tmp_path / "search.json", a_search(colours, 4))
    outcomes = [str(trial.outcome) for trial in state.trials]
    assert outcomes == ["finished", "failed", "failed", "finished"]
    assert "memory was not enough" in state.trials[1].trouble
    assert state.trials[2].trouble == "Too large."
    for trial in state.trials:
        assert not (tmp_path / trial.run / "checkpoints").exists()


def test_a_trial_that_ends_the_program_again_and_again_is_given_up(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadly(*_: object) -> None:
        raise Killed

    file = tmp_path / "search.json"
    with monkeypatch.context() as patched:
        patched.setattr(searching, "train", deadly)
        for _ in range(3):
            with pytest.raises(Killed):
                go(file, a_search(colours, 2))
    state = go(file, a_search(colours, 2))
    assert [trial.outcome for trial in state.trials] == ["failed", "finished"]
    assert "ended 3 times" in state.trials[0].trouble


def test_time_that_is_over_ends_the_search(colours: Path, tmp_path: Path) -> None:
    spec = a_search(colours, 500, seconds=2.0)
    state = go(tmp_path / "search.json", spec)
    assert 0 < len(state.trials) < 500
    assert state.is_over
    none = go(tmp_path / "none" / "search.json", a_search(colours, 5, seconds=1e-6))
    assert none.trials == ()
    assert none.is_over


def test_a_folder_of_other_runs_is_refused(colours: Path, tmp_path: Path) -> None:
    go(tmp_path / "search.json", a_search(colours, 1))
    (tmp_path / "search.json").unlink()
    other = a_search(colours, 1)
    other = dataclasses.replace(other, base=dataclasses.replace(other.base, epochs=3))
    with pytest.raises(TlguiError, match="found a run of other settings"):
        go(tmp_path / "search.json", other)


def test_a_search_under_way_is_left_alone(colours: Path, tmp_path: Path) -> None:
    file = tmp_path / "search.json"
    begin_search(file, a_search(colours))
    lock = SearchLock(file)
    with pytest.raises(TlguiError, match="goes on at this moment"):
        go(file, a_search(colours))
    lock.release()


def test_the_command_searches_and_goes_on_with_more_trials(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["search", str(colours), "--out", str(tmp_path / "found"), "--trials"]
    fast = ["--epochs", "2", "--augment", "none", "--search", "learning-rate"]
    assert cli.main([*command, "2", *fast]) == 0
    out = capsys.readouterr().out
    assert "trial 1/2  learning rate 0.003  val_accuracy" in out
    assert "2 trials in" in out
    assert "a little flattering" in out
    assert cli.main([*command, "3", *fast]) == 2
    assert "Expected no search in" in capsys.readouterr().err
    assert cli.main([*command, "3", "--resume", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["number"] for one in told if one["event"] == "trial_ended"] == [3]
    assert told[-1]["event"] == "search_ended"
    assert told[-1]["is_over"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--minutes", "0"], "Expected minutes above 0"),
        (["--trials", "0"], "from 1 to 1000 trials"),
        (["--search", "colour"], "found “colour”"),
        (["--learning-rate", "-1"], "as the learning rate"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    command = ["search", str(tmp_path), "--out", str(tmp_path / "found")]
    assert cli.main([*command, *options]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "found").exists()
