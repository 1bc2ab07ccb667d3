from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.fakes import ScriptedJobs, ScriptedReader, a_dataset
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.events import JobEnded, Outcome, Stop
from tlgui.core.layers import parse_trainable
from tlgui.gui import block_geometry as geometry
from tlgui.gui.block_diagram import BlockDiagram
from tlgui.gui.block_words import HEAD, short_count
from tlgui.gui.choice_words import ChoiceWords
from tlgui.gui.model_page import ModelPage
from tlgui.gui.session import Session
from tlgui.gui.theme import DARK, LIGHT, Appearance, Theme, apply_theme
from tlgui.worker.jobs import WarmUp

LITE0 = find_backbone("efficientnet-lite0")
LEFT = Qt.MouseButton.LeftButton
NO_MODIFIER = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ModelPage:
    made = ModelPage(session)
    qtbot.addWidget(made)
    made.resize(1040, 640)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def diagram(page: ModelPage) -> BlockDiagram:
    return page.panel.diagram


def middle(diagram: BlockDiagram, name: str) -> QPoint:
    return diagram.tile(name).geometry().center()


def chosen(session: Session) -> tuple[str, ...]:
    return session.spec.trainable


def click(
    diagram: BlockDiagram,
    name: str,
    modifier: Qt.KeyboardModifier = NO_MODIFIER,
) -> None:
    QTest.mouseClick(diagram, LEFT, modifier, middle(diagram, name))


def double_click(diagram: BlockDiagram, name: str) -> None:
    """What a mouse sends: press, release, double click, release."""
    place = middle(diagram, name)
    QTest.mouseClick(diagram, LEFT, NO_MODIFIER, place)
    QTest.mouseDClick(diagram, LEFT, NO_MODIFIER, place)
    QTest.mouseRelease(diagram, LEFT, NO_MODIFIER, place)


def press_key(
    diagram: BlockDiagram,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = NO_MODIFIER,
) -> None:
    QTest.keyClick(diagram.tile(diagram.current), key, modifier)


def learning(diagram: BlockDiagram) -> list[str]:
    return [tile.name for tile in diagram.tiles if tile.isChecked()]


def test_at_first_only_the_head_learns(page: ModelPage, diagram: BlockDiagram) -> None:
    assert [tile.name for tile in diagram.tiles] == [
        *(block.name for block in LITE0.blocks),
        HEAD,
    ]
    assert learning(diagram) == [HEAD]
    assert page.panel.choice.head_only.isChecked()
    assert page.meaning.title.text() == "Quickest: only the new head learns."


def test_a_click_switches_a_block_and_another_one_back(
    session: Session, diagram: BlockDiagram
) -> None:
    click(diagram, "block5a")
    click(diagram, "stem")
    assert chosen(session) == ("stem", "block5a")
    assert learning(diagram) == ["stem", "block5a", HEAD]
    diagram.setFocus()
    click(diagram, "block5a")
    assert chosen(session) == ("stem",)


def test_the_head_cannot_be_frozen(session: Session, diagram: BlockDiagram) -> None:
    click(diagram, HEAD)
    press_key(diagram, Qt.Key.Key_Space)
    press_key(diagram, Qt.Key.Key_Return)
    assert learning(diagram) == [HEAD]
    assert chosen(session) == ()


def test_the_other_mouse_buttons_switch_nothing(
    session: Session, diagram: BlockDiagram
) -> None:
    right = Qt.MouseButton.RightButton
    QTest.mouseClick(diagram, right, NO_MODIFIER, middle(diagram, "block5a"))
    assert chosen(session) == ()


def test_dragging_switches_a_range_once(
    qtbot: QtBot, session: Session, diagram: BlockDiagram
) -> None:
    QTest.mousePress(diagram, LEFT, NO_MODIFIER, middle(diagram, "block6d"))
    QTest.mouseMove(diagram, middle(diagram, "top"))
    QTest.mouseMove(diagram, middle(diagram, "block6b"))
    assert learning(diagram) == ["block6b", "block6c", "block6d", HEAD]
    assert chosen(session) == ()
    with qtbot.waitSignal(session.spec_changed):
        QTest.mouseRelease(diagram, LEFT, NO_MODIFIER, middle(diagram, "block6b"))
    assert chosen(session) == ("block6b", "block6c", "block6d")


def test_shift_and_click_gives_a_range_the_state_of_its_beginning(
    session: Session, diagram: BlockDiagram
) -> None:
    click(diagram, "block6b")
    click(diagram, "block6d", SHIFT)
    assert chosen(session) == ("block6b", "block6c", "block6d")


def test_a_double_click_shows_the_layers_and_switches_nothing(
    page: ModelPage, session: Session, diagram: BlockDiagram
) -> None:
    for before in ((), ("block1a",)):
        session.change_spec(trainable=before)
        double_click(diagram, "block1a")
        assert chosen(session) == before
    assert page.panel.layers.isVisible()
    assert diagram.current == "block1a"
    assert page.panel.layers.table_model.rowCount() == 5


def test_the_keys_walk_along_the_blocks(diagram: BlockDiagram) -> None:
    keys = Qt.Key
    walked = []
    for key in (keys.Key_Home, keys.Key_Left, keys.Key_Right, keys.Key_End):
        press_key(diagram, key)
        walked.append(diagram.current)
        assert diagram.tile(diagram.current).hasFocus()
    assert walked == ["stem", "stem", "block1a", HEAD]


def test_a_narrow_picture_scrolls_to_the_focused_block(
    qtbot: QtBot, page: ModelPage, diagram: BlockDiagram
) -> None:
    window = page.panel.picture_area.viewport()
    page.panel.picture_area.setFixedWidth(400)
    qtbot.waitUntil(lambda: diagram.width() == diagram.minimumSizeHint().width())
    for key, name in ((Qt.Key.Key_End, HEAD), (Qt.Key.Key_Home, "stem")):
        press_key(diagram, key)
        tile = diagram.tile(name)
        left = tile.mapTo(window, QPoint(0, 0)).x()
        assert 0 <= left <= window.width() - tile.width()


def test_only_the_current_block_is_reached_with_tab(diagram: BlockDiagram) -> None:
    press_key(diagram, Qt.Key.Key_Home)
    reached = [
        t.name for t in diagram.tiles if t.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert reached == ["stem"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_a_key_switches_the_focused_block(
    session: Session, diagram: BlockDiagram, key: Qt.Key
) -> None:
    press_key(diagram, Qt.Key.Key_Home)
    press_key(diagram, key)
    assert chosen(session) == ("stem",)
    press_key(diagram, key)
    assert chosen(session) == ()


def test_shift_and_an_arrow_key_switch_a_range(
    session: Session, diagram: BlockDiagram
) -> None:
    click(diagram, "block6d")
    press_key(diagram, Qt.Key.Key_Right, SHIFT)
    press_key(diagram, Qt.Key.Key_Right, SHIFT)
    assert chosen(session) == ("block6d", "block7a", "top")
    assert diagram.current == "top"
    press_key(diagram, Qt.Key.Key_Right, SHIFT)
    assert diagram.current == HEAD
    assert chosen(session) == ("block6d", "block7a", "top")


def test_the_mouse_tells_what_a_block_is(
    qtbot: QtBot, page: ModelPage, diagram: BlockDiagram
) -> None:
    with qtbot.waitSignal(diagram.pointed_changed):
        QTest.mouseMove(diagram, middle(diagram, "block7a"))
    assert page.panel.sentence.text() == (
        "Block 7a: 8 layers, 610,688 parameters, sees the photo as 7 × 7 fields. "
        "Frozen: keeps what it knows."
    )
    with qtbot.waitSignal(diagram.pointed_changed):
        QTest.mouseMove(diagram, QPoint(2, 2))
    assert page.panel.sentence.text().startswith("Head:")


def test_assistive_technology_hears_name_and_state(diagram: BlockDiagram) -> None:
    tile = diagram.tile("block7a")
    assert tile.accessibleName() == "Block 7a"
    assert "Frozen" in tile.accessibleDescription()
    tile.click()
    assert "Learns" in tile.accessibleDescription()


def test_the_ready_made_choices_reach_the_spec(
    session: Session, page: ModelPage
) -> None:
    choice = page.panel.choice
    QTest.mouseClick(choice.last_blocks, LEFT)
    assert chosen(session) == ("block7a", "top")
    QTest.mouseClick(choice.everything, LEFT)
    assert chosen(session) == tuple(block.name for block in LITE0.blocks)
    QTest.mouseClick(choice.head_only, LEFT)
    assert chosen(session) == ()


def test_a_second_click_leaves_a_ready_made_choice_marked(page: ModelPage) -> None:
    QTest.mouseClick(page.panel.choice.head_only, LEFT)
    assert page.panel.choice.head_only.isChecked()


def test_the_steps_walk_from_head_only_to_everything(
    session: Session, page: ModelPage
) -> None:
    choice = page.panel.choice
    assert not choice.fewer.isEnabled()
    for count in range(1, len(LITE0.blocks) + 1):
        QTest.mouseClick(choice.more, LEFT)
        assert len(chosen(session)) == count
    assert choice.everything.isChecked()
    assert not choice.more.isEnabled()
    QTest.mouseClick(choice.fewer, LEFT)
    assert choice.last_blocks.isChecked()
    assert choice.last_blocks.text() == f"Last {len(LITE0.blocks) - 1} blocks"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("head", ["head"]),
        ("last:1", ["last"]),
        ("last:5", ["last"]),
        ("all", ["all"]),
        ("stem,top", []),
    ],
)
def test_the_ready_made_choice_that_fits_is_marked(
    session: Session, page: ModelPage, text: str, marked: list[str]
) -> None:
    session.change_spec(trainable=parse_trainable(text, LITE0.blocks))
    choice = page.panel.choice
    chips = {
        "head": choice.head_only,
        "last": choice.last_blocks,
        "all": choice.everything,
    }
    assert [name for name, chip in chips.items() if chip.isChecked()] == marked


def test_a_card_chooses_a_backbone_and_the_choice_of_blocks_is_kept(
    session: Session,
    jobs: ScriptedJobs,
    page: ModelPage,
    diagram: BlockDiagram,
) -> None:
    session.change_spec(trainable=("block7a", "top"))
    QTest.mouseClick(page.cards.cards["efficientnet-lite2"], LEFT)
    assert session.spec.backbone == "efficientnet-lite2"
    assert chosen(session) == ("block7a", "top")
    assert jobs.submitted == [WarmUp("efficientnet-lite2")]
    assert len(diagram.tiles) == 24
    assert learning(diagram) == ["block7a", "top", HEAD]


@pytest.mark.parametrize("preset", ["head", "all", "last:4"])
def test_every_card_keeps_the_ready_made_choice(
    session: Session, page: ModelPage, preset: str
) -> None:
    session.change_spec(trainable=parse_trainable(preset, LITE0.blocks))
    page.cards.more.click()
    for name in reversed(tuple(CATALOGUE)):
        blocks = find_backbone(name).blocks
        if len(blocks) < 4:  # there the last four are everything
            continue
        QTest.mouseClick(page.cards.cards[name], LEFT)
        assert chosen(session) == parse_trainable(preset, blocks)


def test_the_arrow_keys_choose_among_the_cards(
    session: Session, page: ModelPage
) -> None:
    first = page.cards.cards["efficientnet-lite0"]
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert session.spec.backbone == "efficientnet-lite1"
    assert page.cards.cards["efficientnet-lite1"].hasFocus()
    assert not first.isChecked()


def test_a_card_says_where_its_numbers_come_from(page: ModelPage) -> None:
    card = page.cards.cards["efficientnet-lite0"]
    assert LITE0.good_for in card.accessibleDescription()
    assert LITE0.top1_source in card.toolTip()
    assert "3,413,024 parameters" in card.toolTip()


def test_without_photos_the_head_is_counted_by_class(page: ModelPage) -> None:
    text = page.parameters.sentence.text()
    assert "0 of the model’s 3,413,024 parameters" in text
    assert "1,281 for each class" in text


def test_with_photos_the_count_is_that_of_keras(
    session: Session, reader: ScriptedReader, page: ModelPage
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    text = page.parameters.sentence.text()
    assert text.startswith("2,562 of 3,415,586 parameters learn")
    session.change_spec(trainable=("block7a", "top"))
    text = page.parameters.sentence.text()
    assert text.startswith("1,020,162 of 3,415,586 parameters learn")
    assert page.parameters.strip.parts == [(2_387_616, False), (1_027_970, True)]


def test_the_head_names_the_classes(reader: ScriptedReader, page: ModelPage) -> None:
    assert "once you choose photos" in page.panel.sentence.text()
    reader.scan_ended.emit(a_dataset(), "")
    assert page.panel.sentence.text() == (
        "Head: 2 layers, 2,562 parameters, tells your 2 classes apart (ants, bees). "
        "New, and always learns."
    )
    assert page.panel.diagram.tile(HEAD).face.rows == ("head", "2.6k", "2")


def texts(page: ModelPage, row: int) -> list[str]:
    model = page.panel.layers.table_model
    return [model.data(model.index(row, at)) for at in range(model.columnCount())]


def test_the_layers_of_a_block_are_shown_on_demand(
    session: Session, page: ModelPage, diagram: BlockDiagram
) -> None:
    press_key(diagram, Qt.Key.Key_Home)
    assert not page.panel.layers.isVisible()
    QTest.keyClick(page.panel.show_layers, Qt.Key.Key_Space)
    assert page.panel.layers.isVisible()
    assert texts(page, 0) == [
        "stem_conv",
        "Conv2D",
        "finds patterns",
        "112 × 112 × 32",
        "864",
        "frozen",
    ]
    session.change_spec(trainable=("stem",))
    assert texts(page, 0)[-1] == "all"
    assert texts(page, 1)[-1] == "64 of 128"
    assert texts(page, 2)[-1] == "nothing to learn"
    QTest.keyClick(page.panel.show_layers, Qt.Key.Key_Space)
    assert not page.panel.layers.isVisible()


def test_the_layers_of_the_head_wait_for_the_classes(
    reader: ScriptedReader, page: ModelPage
) -> None:
    page.panel.show_layers.setChecked(True)
    assert texts(page, 1)[3:] == ["your classes", "…", "all"]
    reader.scan_ended.emit(a_dataset(), "")
    assert texts(page, 1)[3:] == ["2", "2,562", "all"]


def test_while_training_everything_is_shown_but_nothing_changes(
    session: Session,
    jobs: ScriptedJobs,
    reader: ScriptedReader,
    page: ModelPage,
    diagram: BlockDiagram,
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    assert not page.notice.isVisible()
    session.start()
    assert page.notice.isVisible()
    before = session.spec
    for widget in (
        page.panel.choice.everything,
        page.cards.cards["efficientnet-lite1"],
    ):
        assert widget.isVisible()
        QTest.mouseClick(widget, LEFT)
    click(diagram, "top")
    assert session.spec == before
    session.stop(Stop.KEEP)
    assert page.notice.isVisible()
    jobs.play(JobEnded(Outcome.STOPPED))
    assert not page.notice.isVisible()
    click(diagram, "top")
    assert chosen(session) == ("top",)


def test_the_first_photo_of_the_person_is_shown(
    reader: ScriptedReader, page: ModelPage, diagram: BlockDiagram
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    file = str(Path("/photos/ants/0.jpg"))
    assert [asked for asked, _ in reader.thumbnails] == [file]
    pixels = np.full((8, 12, 3), 200, np.uint8)
    reader.thumbnail_read.emit("/elsewhere/1.jpg", pixels)
    reader.thumbnail_read.emit(file, None)
    assert not diagram.photo.has_photo
    reader.thumbnail_read.emit(file, pixels)
    assert diagram.photo.has_photo


def test_a_photo_of_an_earlier_data_set_is_forgotten(
    reader: ScriptedReader, diagram: BlockDiagram
) -> None:
    reader.scan_ended.emit(a_dataset(), "")
    file = reader.thumbnails[0][0]
    reader.scan_ended.emit(a_dataset(Path("/others")), "")
    reader.thumbnail_read.emit(file, np.zeros((8, 8, 3), np.uint8))
    assert not diagram.photo.has_photo


def grey(image: QImage) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    plain = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(plain.constBits(), np.uint8)
    return rows.reshape(plain.height(), plain.bytesPerLine())[:, : plain.width()]


def test_frozen_and_learning_differ_without_any_colour(diagram: BlockDiagram) -> None:
    tile = diagram.tile("block5b")
    frozen = grey(tile.grab().toImage()).astype(int)
    tile.setChecked(True)
    learns = grey(tile.grab().toImage()).astype(int)
    assert (abs(frozen - learns) > 25).mean() > 0.02


@pytest.fixture(params=[(Appearance.LIGHT, LIGHT), (Appearance.DARK, DARK)])
def theme(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[Theme]:
    appearance, colours = request.param
    palette, sheet = qapp.palette(), qapp.styleSheet()
    apply_theme(qapp, appearance)
    yield colours
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


def test_the_blocks_take_the_colours_of_the_theme(
    theme: Theme, diagram: BlockDiagram
) -> None:
    tile = diagram.tile("block5b")
    place = tile.body().toRect().topLeft() + QPoint(6, 6)
    colour = tile.grab().toImage().pixelColor(place)
    assert (colour.lightness() < 128) == theme.dark


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_picture_fits_beside_the_step_rail(
    theme: Theme, session: Session, page: ModelPage, diagram: BlockDiagram, name: str
) -> None:
    session.change_spec(backbone=name)
    assert diagram.minimumSizeHint().width() <= 1040 - 2 * 28 - 2 * 14


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("width", [900, 1000, 2400])
def test_no_two_columns_overlap(name: str, width: int) -> None:
    blocks = find_backbone(name).blocks
    places = geometry.place(blocks, width, narrowest=20)
    columns = [places.photo, *places.blocks, places.head]
    for (left, size), (following, _) in pairwise(columns):
        assert left + size < following
    assert columns[0][0] >= 0
    assert sum(columns[-1]) <= width + 1e-6


def test_blocks_shrink_with_what_they_see_and_widen_with_what_they_know() -> None:
    blocks = LITE0.blocks
    heights = [geometry.height_share(block, blocks) for block in blocks]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == 1.0
    widths = [geometry.width_share(block, blocks) for block in blocks]
    assert widths[-1] == max(widths) == 1.0
    assert min(widths) > 0.5


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1.0k"),
        (9_940, "9.9k"),
        (9_960, "10k"),
        (481_152, "481k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (24_400_000, "24M"),
    ],
)
def test_counts_are_short_below_a_block(number: int, text: str) -> None:
    assert short_count(number) == text


@pytest.mark.parametrize(
    ("text", "title", "meaning"),
    [
        ("head", "Quickest: only the new head", "everyday photos"),
        ("last:1", "Slower: the head and the last block", "late blocks"),
        ("last:4", "Slower: the head and the last 4 of 18", "late blocks"),
        ("last:12", "Much slower: the head and the last 12", "textures"),
        ("all", "Slowest: everything", "learn them by heart"),
        ("block7a", "Slower: your own choice", "back to “Block 7a”"),
        ("stem,top", "Much slower: your own choice", "back to “Stem”"),
    ],
)
def test_a_choice_is_explained(text: str, title: str, meaning: str) -> None:
    words = ChoiceWords()
    trainable = parse_trainable(text, LITE0.blocks)
    assert words.title(trainable, LITE0.blocks).startswith(title)
    assert meaning in words.meaning(trainable, LITE0.blocks)


def test_the_page_survives_a_parent_with_another_font(
    qtbot: QtBot, session: Session
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.setStyleSheet("* { font-size: 15pt; }")
    page = ModelPage(session, parent)
    diagram = page.panel.diagram
    narrow = diagram.minimumSizeHint().width()
    page.setParent(None)
    qtbot.addWidget(page)
    assert diagram.minimumSizeHint().width() < narrow
