from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedReader
from tlgui.core.dataset import Sample
from tlgui.gui.class_rows import spread
from tlgui.gui.data_texts import DataTexts
from tlgui.gui.scan_view import seconds_left
from tlgui.gui.thumbnails import SIDE, Thumbnails, tile, whole

RED = np.full((48, 96, 3), (200, 0, 0), np.uint8)


def test_a_thumbnail_is_asked_for_once_and_kept(
    qtbot: QtBot, reader: ScriptedReader
) -> None:
    thumbnails = Thumbnails(reader)
    assert thumbnails.pixmap("a.jpg") is None
    assert thumbnails.pixmap("a.jpg") is None
    assert reader.thumbnails == [("a.jpg", SIDE)]
    with qtbot.waitSignal(thumbnails.thumbnail_ready) as ready:
        reader.thumbnail_read.emit("a.jpg", RED)
    assert ready.args == ["a.jpg"]
    kept = thumbnails.pixmap("a.jpg")
    assert kept is not None
    assert (kept.width(), kept.height()) == (48, 48)
    assert len(reader.thumbnails) == 1


def test_what_cannot_be_read_is_not_asked_for_again(
    qtbot: QtBot, reader: ScriptedReader
) -> None:
    thumbnails = Thumbnails(reader)
    thumbnails.pixmap("a.jpg")
    reader.thumbnail_read.emit("a.jpg", None)
    kept = thumbnails.pixmap("a.jpg")
    assert kept is not None
    assert kept.isNull()
    assert len(reader.thumbnails) == 1


def test_the_latest_wish_comes_first_and_few_are_under_way(
    qtbot: QtBot, reader: ScriptedReader
) -> None:
    thumbnails = Thumbnails(reader)
    for index in range(20):
        thumbnails.pixmap(f"{index}.jpg")
    assert [file for file, _ in reader.thumbnails] == [f"{i}.jpg" for i in range(4)]
    reader.thumbnail_read.emit("0.jpg", RED)
    assert reader.thumbnails[-1] == ("19.jpg", SIDE)


def test_no_more_is_kept_or_waits_than_there_is_room_for(
    qtbot: QtBot, reader: ScriptedReader
) -> None:
    thumbnails = Thumbnails(reader, capacity=8)
    for index in range(100):
        thumbnails.pixmap(f"{index}.jpg")
    for file, _ in reader.thumbnails:  # grows while it is answered
        reader.thumbnail_read.emit(file, RED)
    assert len(reader.thumbnails) == 4 + 4
    assert len(thumbnails) == 8
    assert thumbnails.pixmap("0.jpg") is not None
    thumbnails.pixmap("50.jpg")
    reader.thumbnail_read.emit("50.jpg", RED)
    assert len(thumbnails) == 8


def test_answers_to_others_are_left_to_them(
    qtbot: QtBot, reader: ScriptedReader
) -> None:
    thumbnails = Thumbnails(reader)
    reader.thumbnail_read.emit("other.jpg", RED)
    assert len(thumbnails) == 0


def test_a_cleared_store_asks_anew(qtbot: QtBot, reader: ScriptedReader) -> None:
    thumbnails = Thumbnails(reader)
    thumbnails.pixmap("a.jpg")
    reader.thumbnail_read.emit("a.jpg", RED)
    thumbnails.clear()
    assert thumbnails.pixmap("a.jpg") is None
    assert len(reader.thumbnails) == 2


def test_a_tile_is_the_middle_of_the_picture(qtbot: QtBot) -> None:
    pixels = np.zeros((40, 120, 3), np.uint8)
    pixels[:, 40:80] = (10, 200, 30)
    image = tile(pixels).toImage()
    assert (image.width(), image.height()) == (40, 40)
    assert image.pixelColor(20, 20).getRgb() == (10, 200, 30, 255)
    assert image.pixelColor(2, 20).getRgb() == (10, 200, 30, 255)
    assert image.pixelColor(0, 0).alpha() == 0


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (96, 3)])
def test_a_whole_picture_keeps_its_size_and_colours(
    qtbot: QtBot, size: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = whole(pixels).toImage()
    height, width = size
    assert (image.width(), image.height()) == (width, height)
    last = image.pixelColor(width - 1, height - 1)
    assert (last.red(), last.green(), last.blue()) == tuple(pixels[-1, -1])


@pytest.mark.parametrize("count", [0, 1, 7, 60, 1_000])
def test_samples_are_picked_once_and_from_all_over(count: int) -> None:
    samples = [Sample(f"{index}.jpg", 0) for index in range(count)]
    picked = spread(samples, 60)
    assert len(picked) == min(count, 60)
    assert len(set(picked)) == len(picked)
    if count == 1_000:
        places = sorted(samples.index(sample) for sample in picked[:10])
        assert places[0] < 150
        assert places[-1] > 850
        assert np.diff(places).max() < 200


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "a few seconds left"),
        (12.0, "less than 20 seconds left"),
        (59.0, "less than 60 seconds left"),
        (70.0, "about a minute left"),
        (400.0, "about 7 minutes left"),
    ],
)
def test_the_time_left_is_told_in_round_numbers(
    qtbot: QtBot, seconds: float, text: str
) -> None:
    assert DataTexts().time_left(seconds) == text


def test_the_time_left_follows_the_pace() -> None:
    assert seconds_left(25, 100, 10.0) == 30.0
    assert seconds_left(0, 100, 10.0) == 1_000.0


def test_settings_say_only_what_changed(qtbot: QtBot) -> None:
    from tlgui.core.settings import AppSettings
    from tlgui.gui.settings import Settings

    settings = Settings(AppSettings())
    with qtbot.waitSignal(settings.changed):
        settings.remember_run(Path("/runs/one"))
    assert settings.values.recent_runs == (str(Path("/runs/one")),)
    with qtbot.assertNotEmitted(settings.changed):
        settings.remember_run(Path("/runs/one"))
