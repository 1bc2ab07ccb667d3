"""What is foretold, corrected by what training takes."""

from pathlib import Path

import pytest

from tlgui.core.catalogue import find_backbone
from tlgui.core.costs import Speed
from tlgui.core.events import Event, SpeedMeasured
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.ml.calibration import keep_speed, known_speed
from tlgui.ml.pace_watch import PaceWatch
from tlgui.ml.training import train

LITE0 = find_backbone("efficientnet-lite0")
SPEED = Speed(1e-11, 1e-9, 5e-11, 9e8)
TOP = Phase(1, 1, ("top",), 1e-3)


@pytest.fixture(autouse=True)
def prefixes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TLGUI_PREFIX_DIR", str(tmp_path / "prefixes"))


def watched(steps: int, phase: Phase = TOP) -> list[Event]:
    told: list[Event] = []
    watch = PaceWatch(LITE0, told.append)
    watch.begin(phase)
    watch.add(100.0, 1)  # builds the computation
    for step in range(steps):
        watch.add(50.0 if step == 2 else 8 * 0.5, 8)  # one of them met other work
    return told


def test_it_is_corrected_soon_and_remembered() -> None:
    keep_speed(SPEED)
    assert watched(4) == []
    (event,) = watched(5)
    expected = SPEED.corrected(LITE0, TOP.trainable, 0.5)
    assert event == SpeedMeasured(expected)
    assert known_speed() == expected
    assert len(watched(20)) == 2


def test_a_head_alone_and_an_unknown_computer_correct_nothing() -> None:
    assert watched(5) == []
    keep_speed(SPEED)
    assert watched(5, Phase(1, 1, (), 1e-3)) == []


@pytest.mark.tf
def test_a_real_training_tells(colours: Path, tmp_path: Path) -> None:
    keep_speed(SPEED)
    told: list[Event] = []
    spec = TrainingSpec(
        str(colours), batch_size=2, trainable=("top",), strategy="direct", epochs=2
    )
    train(spec, tmp_path / "run", told.append)
    corrected = [event for event in told if isinstance(event, SpeedMeasured)]
    assert corrected
    assert corrected[-1].speed.correction(LITE0, ("top",)) is not None
