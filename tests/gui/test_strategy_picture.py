"""What learns when, as a picture."""

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from tlgui.core.rate_table import rate_table
from tlgui.core.spec import STRATEGIES, TrainingSpec
from tlgui.gui.session import Session
from tlgui.gui.strategy_picture import StrategyPicture

BLOCKS = ("block6d", "block7a", "top")


@pytest.fixture
def picture(qtbot: QtBot, session: Session) -> StrategyPicture:
    session.change_spec(trainable=BLOCKS, strategy="gradual", epochs=9)
    picture = StrategyPicture(session)
    qtbot.addWidget(picture)
    picture.resize(400, 104)
    picture.show()
    return picture


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_frozen_parts_have_no_rate_and_the_head_always_has_one(strategy: str) -> None:
    spec = TrainingSpec(data="x", trainable=BLOCKS, strategy=strategy, epochs=7)
    table = rate_table(spec)
    assert table.parts[-1] == "head"
    assert all(len(rates) == 7 for rates in table.rates)
    assert all(table.rates[-1])
    for part, rates in zip(table.parts, table.rates, strict=True):
        if part not in (*BLOCKS, "head"):
            assert not any(rates)
        else:
            assert rates[-1] > 0
    assert table.finds_shares == (strategy == "auto-rgn")


def test_a_cell_says_what_it_means(picture: StrategyPicture) -> None:
    bottom, first, last = 85.0, 50.0, 395.0
    assert picture.text_at(QPointF(first, bottom)).startswith("Head, epoch 1: learns")
    assert "stays as it is" in picture.text_at(QPointF(first, 70.0))
    assert "epoch 9: learns" in picture.text_at(QPointF(last, 78.0))
    assert picture.text_at(QPointF(10.0, 10.0)) == ""


def test_it_can_be_read_aloud(picture: StrategyPicture) -> None:
    told = picture.accessibleDescription().splitlines()
    assert len(told) == 4
    assert told[-1].startswith("Head: from epoch 1 on, at most 0.00")
    assert "from epoch 8 on" in told[0]


def test_it_is_there_only_where_there_is_something_to_order(
    picture: StrategyPicture, session: Session
) -> None:
    assert picture.isVisible()
    session.change_spec(trainable=())
    assert not picture.isVisible()
    session.change_spec(trainable=BLOCKS, epochs=10_000)
    picture.grab()
    assert picture.isVisible()
