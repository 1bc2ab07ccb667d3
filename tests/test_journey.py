"""A person uses the real program, from an empty start to an answer on a new photo.

Everything is done with a mouse and a keyboard on a display of its own; the tests only
look at the window to know where to click and what it shows.
"""

import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from PIL import Image

from installer.packages import missing_for_qt
from tests.journey.display import own_display
from tests.journey.person import Person, Thing
from tlgui.core.checkpoint import Checkpoints
from tlgui.core.run import HISTORY, MODEL

pytestmark = pytest.mark.tf
Start = Callable[..., Person]
_A_START = 60.0  # TensorFlow's import and the first batch, on a busy machine
_COLOURS_OF_PHOTOS = 3_000
_BLOCK = "Block 6a"
_FOR_LONG = "9999"
_CURVES = 4  # training and validation, of loss and of accuracy


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    if not sys.platform.startswith("linux"):
        pytest.skip("mouse and keys are moved with xdotool, which is for X11")
    absent = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    missing = missing_for_qt(window=True)
    if absent or missing:
        pytest.skip(f"missing on this system: {absent} {missing.described()}")
    with own_display() as number:
        yield number


@pytest.fixture
def start(display: str, tmp_path: Path) -> Iterator[Start]:
    started: list[Person] = []

    def begin(*arguments: str) -> Person:
        home = tmp_path / "person"
        home.mkdir(exist_ok=True)
        person = Person(display, home, *arguments)
        started.append(person)
        return person

    yield begin
    for person in started:
        person.leave()


@pytest.fixture
def photos(hymenoptera: Path, tmp_path: Path) -> Path:
    """Few enough to be quick, and one file that cannot be used."""
    root = tmp_path / "my insects"
    for split, count in (("train", 12), ("val", 6)):
        for folder in sorted((hymenoptera / split).iterdir()):
            made = root / split / folder.name
            made.mkdir(parents=True)
            for file in sorted(folder.glob("*.jpg"))[:count]:
                shutil.copy(file, made)
    (root / "train" / "ants" / "broken.jpg").write_bytes(b"no photo")
    return root


@pytest.fixture
def new_photo(hymenoptera: Path, tmp_path: Path) -> Path:
    """One that is in neither split."""
    last = sorted((hymenoptera / "val" / "bees").glob("*.jpg"))[-1]
    return Path(shutil.copy(last, tmp_path / "new bee.jpg"))


def test_from_an_empty_start_to_an_answer_on_a_new_photo(
    start: Start, photos: Path, new_photo: Path
) -> None:
    person = start()
    choose_photos(person, photos)
    choose_model(person)
    train_for_two_epochs(person)
    look_at_the_result(person)
    try_photo(person, new_photo)
    leaves_nothing(person, lambda: person.press("ctrl+q"))


def choose_photos(person: Person, photos: Path) -> None:
    person.waits_for("Drop a folder of photos here")
    assert not person.sees("QPushButton", "Next: choose a model")
    person.picture("1 empty")
    person.click("QPushButton", "Choose folder…")
    person.choose_file(photos)
    person.waits_for("24 photos in 2 classes, and 12 for validation")
    classes = person.all("cell", name="Classes")
    assert [thing.text for thing in classes] == ["ants", "bees"]
    person.until(lambda: shows_photos(person, classes), "thumbnails of both classes")
    person.click("QToolButton", "1 file was left out")
    left_out = person.until(
        lambda: person.all("cell", name="Files that are left out"), "the file is listed"
    )
    assert [thing.text for thing in left_out] == [
        "train/ants/broken.jpg",
        "its contents are not a picture that can be read",
    ]
    person.picture("2 photos")
    person.click("QPushButton", "Next: choose a model")


def shows_photos(person: Person, classes: Sequence[Thing]) -> bool:
    """Whether there are photos on each of the cards: nothing else is as colourful."""
    with Image.open(person.picture("2 thumbnails")) as screen:
        for left, top, width, height in (thing.box for thing in classes):
            card = screen.convert("RGB").crop((left, top, left + width, top + height))
            if card.getcolors(_COLOURS_OF_PHOTOS) is not None:
                return False
    return True


def choose_model(person: Person) -> None:
    marked = person.until(lambda: chosen_card(person), "a card is chosen")
    person.click("BackboneCard", name=marked)
    person.press("Right")
    person.until(lambda: chosen_card(person) != marked, "another card is chosen")
    person.picture("3 another model")
    person.press("Left")
    person.until(lambda: chosen_card(person) == marked, "the first card again")
    before = person.waits_for("parameters learn (").text
    person.click("BlockTile", name=_BLOCK)
    person.until(lambda: learns(person), "the block learns")
    assert person.waits_for("parameters learn (").text != before
    person.waits_for("your own choice, the head and 1 of")
    person.picture("4 one block")
    person.click("QToolButton", "Head only")
    person.until(lambda: not learns(person), "the block is frozen again")
    assert person.waits_for("parameters learn (").text == before
    person.picture("5 head only")
    person.click("QPushButton", "Next: training")


def chosen_card(person: Person) -> str | None:
    cards = person.all("BackboneCard")
    return next((card.name for card in cards if card.checked), None)


def learns(person: Person) -> bool:
    tile = person.sees("BlockTile", name=_BLOCK)
    assert tile is not None
    return tile.checked


def train_for_two_epochs(person: Person) -> None:
    set_epochs(person, "2")
    person.picture("6 settings")
    person.click("QPushButton", "Start training")
    person.waits_for("Epoch 2 of 2: ", _A_START)
    person.picture("7 training")
    person.waits_for("Completed in", _A_START)
    person.until(lambda: marks(person) == [2] * _CURVES, "two marks on each curve")
    person.picture("7 trained")
    person.click("QPushButton", "Next: the result")


def set_epochs(person: Person, count: str) -> None:
    person.click("QSpinBox", name="Epochs")
    person.write(count)
    person.press("Tab")
    person.until(lambda: person.sees("QSpinBox", count, "Epochs"), f"{count} epochs")


def marks(person: Person) -> list[int]:
    """How many epochs each of the curves shows."""
    return [count for plot in person.all("QGraphicsView") for count in plot.marks]


def look_at_the_result(person: Person) -> None:
    sentence = person.waits_for("of 12 validation photos right").text
    cells = person.all("cell", name="Confusion matrix")
    counts = {thing.cell: int(thing.text) for thing in cells}
    assert sum(counts.values()) == 12
    right = counts[0, 0] + counts[1, 1]
    assert sentence.startswith(f"{right} of 12")
    shown = f"{100 * right / 12:.1f}" if right < 12 else "100"
    assert person.reads(shown), "the accuracy in large type"
    person.picture("8 result")
    best = max(counts, key=lambda cell: counts[cell])
    chosen = next(thing for thing in cells if thing.cell == best)
    person.click_at(*chosen.middle)
    person.waits_for(f"({counts[best]})")
    person.until(
        lambda: len(person.all("cell", name="Photos")) == counts[best],
        "the photos of the cell",
    )
    person.picture("8 cell")


def try_photo(person: Person, photo: Path) -> None:
    person.click("QToolButton", "Try it on a photo")
    person.picture("9 try")
    person.click("QPushButton", "Choose photos…")
    person.choose_file(photo)
    person.waits_for(photo.name)
    bars = person.until(lambda: probabilities(person), "the answer", _A_START)
    assert sorted(name for name, _ in bars) == ["ants", "bees"]
    assert all(share.endswith("%") for _, share in bars)
    surest = bars[0][0]
    assert len(person.all("QLabel", surest)) == 2, "as a heading, and before its bar"
    person.picture("9 answer")


def probabilities(person: Person) -> list[tuple[str, str]]:
    """Name and share of each bar, from top to bottom."""
    bars = (bar.name.partition(": ") for bar in person.all("QProgressBar"))
    return [(name, share) for name, _, share in bars if share]


def leaves_nothing(
    person: Person, end: Callable[[], object], seconds: float = _A_START
) -> None:
    """Ends the program and makes sure that it has gone well and altogether."""
    children = person.children()
    assert children, "the engine is a process of its own"
    end()
    assert person.program.wait(seconds) == 0, person.said()
    all_end(person, children, 5)
    assert "Traceback" not in person.said()
    assert not any(
        level in person.said() for level in ("WARNING", "ERROR", "CRITICAL", "QObject:")
    ), person.said()


def all_end(
    person: Person, processes: Sequence[psutil.Process], seconds: float
) -> None:
    person.until(
        lambda: not any(is_alive(process) for process in processes),
        "no process is left",
        seconds,
    )


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; a dead one may wait for somebody to ask for its exit code."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def train_for_long(start: Start, photos: Path) -> Person:
    """A run that is in its second epoch."""
    person = start(str(photos))
    person.waits_for("24 photos in 2 classes")
    person.press("ctrl+3")
    set_epochs(person, _FOR_LONG)
    person.click("QPushButton", "Start training")
    person.until(lambda: epoch_of(person) >= 2, "the second epoch", _A_START)
    return person


def epoch_of(person: Person) -> int:
    """The epoch on the screen; 0 before the first. Epochs may pass in no time."""
    told = person.reads(f" of {_FOR_LONG}")
    found = re.search(r"Epoch (\d+) of", told.text) if told else None
    return int(found[1]) if found else 0


def test_closing_while_training_asks_and_keeps(
    start: Start, photos: Path, tmp_path: Path
) -> None:
    person = train_for_long(start, photos)
    person.close_window()
    person.click("QPushButton", "Go on training")
    person.until(lambda: not person.sees("QMessageBox"), "the question is gone")
    then = epoch_of(person)
    person.until(lambda: epoch_of(person) > then, "training goes on", _A_START)
    person.until(
        lambda: person.sees("QPushButton", "Stop") and min(marks(person)) > 2,
        "the curves grow while the model learns",
    )
    person.close_window()
    person.waits_for("A model is still training.")
    person.picture("question")
    leaves_nothing(person, lambda: person.click("QPushButton", "Stop and keep"))
    (run,) = (tmp_path / "home-runs" / "my insects.tlgui" / "runs").iterdir()
    assert (run / MODEL).is_file()
    assert epochs_in(run) > 2


def epochs_in(run: Path) -> int:
    """How many finished epochs a run folder tells of; its first line is a heading."""
    return len((run / HISTORY).read_text(encoding="utf-8").splitlines()) - 1


def test_a_killed_window_leaves_no_engine(start: Start, photos: Path) -> None:
    person = train_for_long(start, photos)
    children = person.children()
    assert children
    person.program.kill()
    person.program.wait()
    all_end(person, children, 15)


def test_after_a_kill_everything_is_there_again(
    start: Start, photos: Path, tmp_path: Path
) -> None:
    person = train_for_long(start, photos)
    (run,) = (tmp_path / "home-runs" / "my insects.tlgui" / "runs").iterdir()
    # The engine writes while it learns on, and there are slow disks.
    person.until(
        lambda: epochs_in(run) > 0, "finished epochs are on the disk", _A_START
    )
    children = person.children()
    person.program.kill()
    person.program.wait()
    all_end(person, children, 15)
    epochs = epochs_in(run)
    (tmp_path / "person" / "probe").unlink()
    again = start()
    again.waits_for("my insects")
    again.waits_for(f"{epochs} of {_FOR_LONG} epochs done", _A_START)
    again.press("ctrl+5")
    again.waits_for("1 run")
    row = again.all("cell", name="Runs of this project")
    assert "Run 1" in [thing.text for thing in row]
    again.picture("runs after a kill")
    leaves_nothing(again, lambda: again.press("ctrl+q"))


def test_a_request_to_end_is_obeyed_while_training(
    start: Start, photos: Path, tmp_path: Path
) -> None:
    person = train_for_long(start, photos)
    under_way = epoch_of(person)
    leaves_nothing(person, lambda: person.program.send_signal(signal.SIGTERM), 5)
    (run,) = (tmp_path / "home-runs" / "my insects.tlgui" / "runs").iterdir()
    assert not (run / MODEL).exists(), "it can go on"
    last, _ = Checkpoints(run).read_last()
    assert last is not None
    assert len(last.about["records"]) >= under_way - 1
