from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset, a_run
from tlgui.core.dataset import Dataset, Sample
from tlgui.gui.augmentation_preview import VARIANTS
from tlgui.gui.session import Session
from tlgui.gui.setting_fields import (
    ChoiceSetting,
    NumberSetting,
    SwitchSetting,
    WholeSetting,
    number_text,
    parse_number,
)
from tlgui.gui.settings_form import SettingsForm

GERMAN = QLocale(QLocale.Language.German)


@pytest.fixture
def form(qtbot: QtBot, session: Session) -> SettingsForm:
    widget = SettingsForm(session)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def _number(form: SettingsForm, name: str) -> NumberSetting:
    field = form.fields[name]
    assert isinstance(field, NumberSetting)
    return field


def _whole(form: SettingsForm, name: str) -> WholeSetting:
    field = form.fields[name]
    assert isinstance(field, WholeSetting)
    return field


def _choice(form: SettingsForm, name: str) -> ChoiceSetting:
    field = form.fields[name]
    assert isinstance(field, ChoiceSetting)
    return field


def _type(qtbot: QtBot, field: NumberSetting, text: str) -> None:
    field.box.selectAll()
    QTest.keyClicks(field.box, text)


def test_typed_values_reach_the_spec(
    qtbot: QtBot, form: SettingsForm, session: Session
) -> None:
    box = _whole(form, "epochs").box
    box.selectAll()
    QTest.keyClicks(box, "25")
    _type(qtbot, _number(form, "learning_rate"), "1e-4")
    QTest.keyClick(_choice(form, "optimizer").box, Qt.Key.Key_Down)
    assert session.spec.epochs == 25
    assert session.spec.learning_rate == 1e-4
    assert session.spec.optimizer == "adamw"


@pytest.mark.parametrize("wrong", ["0", "nan", "-1", "abc", "1e999", "1_0"])
def test_a_wrong_learning_rate_is_refused_with_a_sentence(
    qtbot: QtBot, form: SettingsForm, session: Session, wrong: str
) -> None:
    field = _number(form, "learning_rate")
    before = session.spec
    with qtbot.waitSignal(form.validity_changed):
        _type(qtbot, field, wrong)
    assert not form.is_valid
    assert "learning rate" in field.meaning.text()
    assert field.meaning.property("role") == "bad"
    assert session.spec.learning_rate in (before.learning_rate, 1.0)
    session.spec.check()
    _type(qtbot, field, "0.01")
    assert form.is_valid
    assert session.spec.learning_rate == 0.01
    assert field.meaning.property("role") == "small"


def test_an_empty_number_is_called_nothing(qtbot: QtBot, form: SettingsForm) -> None:
    field = _number(form, "learning_rate")
    field.box.selectAll()
    QTest.keyClick(field.box, Qt.Key.Key_Delete)
    assert "but found nothing" in field.problem


def test_what_is_wrong_stays_while_something_else_changes(
    qtbot: QtBot, form: SettingsForm, session: Session
) -> None:
    _type(qtbot, _number(form, "learning_rate"), "abc")
    session.change_spec(epochs=3)
    assert _number(form, "learning_rate").box.text() == "abc"
    assert _whole(form, "epochs").box.value() == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.003", 0.003), ("0,003", 0.003), ("1e-3", 1e-3), (" 2 ", 2.0), ("x", "x")],
)
def test_numbers_are_read_in_every_way_of_writing(
    text: str, value: float | str
) -> None:
    assert parse_number(text, GERMAN) == value
    assert parse_number(text, QLocale.c()) == value


def test_numbers_are_shown_as_people_write_them() -> None:
    assert number_text(0.003, GERMAN) == "0,003"
    assert number_text(1e-5, QLocale.c()) == "1e-05"
    assert parse_number(number_text(1e-5, GERMAN), GERMAN) == 1e-5


def test_a_spec_from_elsewhere_is_shown(form: SettingsForm, session: Session) -> None:
    session.change_spec(
        epochs=7, learning_rate=0.5, loss="focal", class_weights=True, patience=4
    )
    assert _whole(form, "epochs").box.value() == 7
    assert _number(form, "learning_rate").box.text() == "0.5"
    assert _choice(form, "loss").box.currentData() == "focal"
    switch = form.fields["class_weights"]
    assert isinstance(switch, SwitchSetting)
    assert switch.box.isChecked()
    assert _whole(form, "patience").box.value() == 4


def test_experts_fields_are_folded_away_and_stay_as_they_were_left(
    qtbot: QtBot, form: SettingsForm
) -> None:
    assert not form.fields["learning_rate"].isVisible()
    QTest.mouseClick(form.more, Qt.MouseButton.LeftButton)
    assert form.fields["learning_rate"].isVisible()
    form.hide()
    form.show()
    assert form.fields["learning_rate"].isVisible()
    QTest.keyClick(form.more, Qt.Key.Key_Space)
    assert not form.fields["learning_rate"].isVisible()


def test_only_the_chosen_loss_shows_its_number(
    qtbot: QtBot, form: SettingsForm, session: Session
) -> None:
    form.more.click()
    assert form.fields["label_smoothing"].isVisible()
    assert not form.fields["focal_gamma"].isVisible()
    QTest.keyClick(_choice(form, "loss").box, Qt.Key.Key_Down)
    assert session.spec.loss == "focal"
    assert form.fields["focal_gamma"].isVisible()
    assert not form.fields["label_smoothing"].isVisible()


def test_the_order_of_training_matters_only_with_blocks(
    form: SettingsForm, session: Session
) -> None:
    strategy = form.fields["strategy"]
    assert not strategy.isEnabled()
    session.change_spec(trainable=(session.backbone.blocks[-1].name,))
    assert strategy.isEnabled()
    assert "LP-FT" in strategy.meaning.text()


def test_settings_are_fixed_while_it_trains(
    form: SettingsForm, session: Session, reader: ScriptedReader, jobs: ScriptedJobs
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    session.start()
    assert form.fixed.isVisible()
    assert not any(field.isEnabled() for field in form.fields.values())
    jobs.play(*a_run())
    assert not form.fixed.isVisible()
    assert form.fields["epochs"].isEnabled()
    assert not form.fields["strategy"].isEnabled()


def test_the_share_for_validation_is_a_percentage(
    qtbot: QtBot, form: SettingsForm, session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    box = form.validation.share.box
    box.selectAll()
    QTest.keyClicks(box, "25")
    assert session.spec.validation == 0.25
    assert "5 photos" in box.toolTip()


def test_a_folder_can_validate_and_be_taken_back(
    qtbot: QtBot, form: SettingsForm, session: Session, tmp_path: Path
) -> None:
    QTest.mouseClick(form.validation.choose, Qt.MouseButton.LeftButton)
    dialog = form.validation.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    assert str(session.spec.validation) == str(tmp_path)
    assert not form.validation.share.isVisible()
    assert str(tmp_path) in form.validation.told.text()
    QTest.mouseClick(form.validation.back, Qt.MouseButton.LeftButton)
    assert session.spec.validation == 0.2
    assert form.validation.share.isVisible()


def test_photos_that_the_folder_brings_leave_nothing_to_choose(
    form: SettingsForm, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(validation=True), "")
    assert not form.validation.share.isVisible()
    assert not form.validation.choose.isVisible()
    assert "1 photos" in form.validation.told.text()


def test_uneven_classes_are_advised_to_be_weighted(
    form: SettingsForm, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    weights = form.fields["class_weights"]
    assert "Not needed" in weights.meaning.text()
    train = tuple(Sample(f"{n}.jpg", 0 if n else 1) for n in range(9))
    uneven = Dataset(Path("/p"), "image-classification", ("a", "b"), {"train": train})
    reader.scan_ended.emit(uneven, "")
    assert "“a” has 8 photos, “b” only 1" in weights.meaning.text()


def test_the_wheel_over_a_field_without_focus_belongs_to_the_page(
    form: SettingsForm, session: Session
) -> None:
    box = _whole(form, "epochs").box
    form.fields["augmentation"].setFocus()
    box.clearFocus()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 120),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, wheel)
    assert session.spec.epochs == 10
    assert not wheel.isAccepted()


def _photo(reader: ScriptedReader, value: int = 90) -> None:
    pixels = np.full((48, 64, 3), value, np.uint8)
    pixels[:, :32] = 255 - value
    reader.thumbnail_read.emit(reader.thumbnails[-1][0], pixels)


def test_augmentation_is_shown_on_a_photo_of_the_person(
    qtbot: QtBot, form: SettingsForm, reader: ScriptedReader
) -> None:
    assert not any(tile.isVisible() for tile in form.preview.tiles)
    reader.scan_ended.emit(a_dataset(), "")
    assert len(reader.thumbnails) == 1
    _photo(reader)
    assert sum(tile.isVisible() for tile in form.preview.tiles) == 1 + VARIANTS
    pictures = {
        tile.pixmap().toImage().pixelColor(36, 36).rgb() for tile in form.preview.tiles
    }
    assert len(pictures) > 1
    QTest.mouseClick(form.preview.another, Qt.MouseButton.LeftButton)
    assert len(reader.thumbnails) == 2
    assert reader.thumbnails[0] != reader.thumbnails[1]


def test_without_augmentation_only_the_photo_itself_is_shown(
    form: SettingsForm, session: Session, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    _photo(reader)
    session.change_spec(augmentation="none")
    assert [tile.isVisible() for tile in form.preview.tiles] == [True] + [
        False
    ] * VARIANTS


def test_a_photo_that_cannot_be_read_is_replaced_by_another(
    form: SettingsForm, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    for _ in range(20):
        reader.thumbnail_read.emit(reader.thumbnails[-1][0], None)
    assert 1 < len(reader.thumbnails) <= 6


def test_thumbnails_of_other_pages_are_left_alone(
    form: SettingsForm, reader: ScriptedReader
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    reader.thumbnail_read.emit("/elsewhere.jpg", np.zeros((8, 8, 3), np.uint8))
    assert not any(tile.isVisible() for tile in form.preview.tiles)
