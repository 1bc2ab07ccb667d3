"""What the present choice of blocks means, in plain words."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from tlgui.core.layers import EVERYTHING, HEAD_ONLY, Block, describe_trainable
from tlgui.gui.block_words import BlockWords
from tlgui.gui.controls import column, label
from tlgui.gui.session import Session

_LAST = "last:"


class ChoiceWords(QObject):
    """Says what a choice means for the result and for the time it takes."""

    def title(
        self,
        trainable: Sequence[str],
        blocks: Sequence[Block],
        *,
        is_new: bool = True,
    ) -> str:
        """Names the choice.

        Args:
            trainable: the blocks that learn besides the head.
            blocks: all of the backbone.
            is_new: whether the head knows none of the classes yet.
        """
        described = describe_trainable(trainable, blocks)
        if described == HEAD_ONLY and is_new:
            return self.tr("Quickest: only the new head learns.")
        if described == HEAD_ONLY:
            return self.tr("Quickest: only the head learns.")
        if described == EVERYTHING:
            return self.tr("Slowest: everything learns.")
        count, total = len(trainable), len(blocks)
        if described.startswith(_LAST):
            if count == 1:
                return self.tr("Slower: the head and the last block learn.")
            return self.tr(
                "{slower}: the head and the last {count} of {total} blocks learn."
            ).format(slower=self._slower(count, total), count=count, total=total)
        return self.tr(
            "{slower}: your own choice, the head and {count} of {total} blocks learn."
        ).format(
            slower=self._slower(_reach(trainable, blocks), total),
            count=count,
            total=total,
        )

    def meaning(self, trainable: Sequence[str], blocks: Sequence[Block]) -> str:
        """Says when the choice is a good one."""
        described = describe_trainable(trainable, blocks)
        if described == HEAD_ONLY:
            return self.tr(
                "The model keeps all it knows about pictures. Enough when your "
                "photos look like everyday photos, and safe when you have few."
            )
        if described == EVERYTHING:
            return self.tr(
                "For photos that look nothing like everyday ones, such as X-rays or "
                "microscope images. With few photos it may learn them by heart."
            )
        if not described.startswith(_LAST):
            return self._own_meaning(trainable)
        if len(trainable) * 2 <= len(blocks):
            return self.tr(
                "The late blocks know whole things and their parts; they now adapt to "
                "yours. Good when your photos differ from everyday ones."
            )
        return self.tr(
            "Simple patterns such as textures may change, too. For photos that look "
            "unlike everyday ones, if you have many of them."
        )

    def _own_meaning(self, trainable: Sequence[str]) -> str:
        first = BlockWords(self).title(trainable[0])
        return self.tr(
            "Every step has to work its way back to “{first}”; freezing blocks behind "
            "it saves only part of the time."
        ).format(first=first)

    def _slower(self, reach: int, total: int) -> str:
        if reach * 2 <= total:
            return self.tr("Slower")
        return self.tr("Much slower")


class ChoiceSentence(QWidget):
    """The present choice of the session in words."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._words = ChoiceWords(self)
        self.title = label("", "heading")
        self.meaning = label("", "muted", wrap=True)
        self.setLayout(column(self.title, self.meaning, gap=2))
        session.spec_changed.connect(self.show_choice)
        session.dataset_changed.connect(self.show_choice)
        session.starts.changed.connect(self.show_choice)
        self.show_choice()

    @Slot()
    def show_choice(self) -> None:
        """Says what the session's choice means."""
        chosen, blocks = self._session.spec.trainable, self._session.backbone.blocks
        is_new = self._session.head_is_new
        self.title.setText(self._words.title(chosen, blocks, is_new=is_new))
        self.meaning.setText(self._words.meaning(chosen, blocks))
        described = describe_trainable(chosen, blocks)
        told = self.tr("On the command line: --backbone {name} --trainable {choice}")
        self.title.setToolTip(
            told.format(name=self._session.spec.backbone, choice=described)
        )


def _reach(trainable: Sequence[str], blocks: Sequence[Block]) -> int:
    """How many blocks a step works its way back through."""
    names = [block.name for block in blocks]
    return len(names) - names.index(trainable[0])
