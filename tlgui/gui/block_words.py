"""What is said about blocks and layers, in plain words."""

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QObject

from tlgui.core.layers import HEAD_ONLY, Block

HEAD = HEAD_ONLY
_NAMED = 4


def short_name(name: str) -> str:
    """A block's name as written below it."""
    return name.removeprefix("block")


def whole_count(number: int) -> str:
    """A count with its thousands set apart, in the way of the person's country."""
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.DefaultNumberOptions)
    return locale.toString(number)


def short_count(number: int) -> str:
    """A count in at most three characters and a letter: 992, 5.6k, 481k, 1.2M."""
    if number < 1_000:
        return str(number)
    unit, letter = (1_000, "k") if number < 999_500 else (1_000_000, "M")
    scaled = number / unit
    return f"{scaled:.1f}{letter}" if scaled < 9.95 else f"{scaled:.0f}{letter}"


def shape(sizes: Sequence[int]) -> str:
    """The shape of an array, as people write it."""
    return " × ".join(whole_count(size) for size in sizes)


class BlockWords(QObject):
    """Sentences about blocks; an object of its own so that they are translated."""

    def title(self, name: str) -> str:
        """What a block is called at the start of a sentence."""
        if name == HEAD:
            return self.tr("Head")
        if name == "stem":
            return self.tr("Stem")
        if name == "top":
            return self.tr("Top")
        return self.tr("Block {name}").format(name=short_name(name))

    def block(self, block: Block, learns: bool) -> str:
        """Says what a block of the backbone is and whether it learns."""
        return self.tr(
            "{name}: {layers} layers, {parameters} parameters, sees the photo as "
            "{fields} fields. {state}"
        ).format(
            name=self.title(block.name),
            layers=len(block.layers),
            parameters=whole_count(block.parameters),
            fields=shape(block.fields),
            state=self.tr("Learns from your photos.")
            if learns
            else self.tr("Frozen: keeps what it knows."),
        )

    def head(
        self, head: Block, class_names: Sequence[str], *, is_new: bool = True
    ) -> str:
        """Says what the head is.

        Args:
            head: as a block.
            class_names: that it tells apart; none before photos are chosen.
            is_new: whether it knows none of them before it learns.
        """
        if not class_names:
            return self.tr(
                "Head: new, and always learns. It will have an output for each of "
                "your classes, once you choose photos."
            )
        more = [self.tr("…")] if len(class_names) > _NAMED else []
        new, old = self.tr("New, and always learns."), self.tr("Always learns.")
        return self.tr(
            "Head: {layers} layers, {parameters} parameters, tells your {count} "
            "classes apart ({names}). {state}"
        ).format(
            state=new if is_new else old,
            layers=len(head.layers),
            parameters=whole_count(head.parameters),
            count=len(class_names),
            names=", ".join([*class_names[:_NAMED], *more]),
        )

    def kind(self, kind: str) -> str:
        """What a kind of layer does; "" for a kind that is new here."""
        does = {
            "Conv2D": self.tr("finds patterns"),
            "DepthwiseConv2D": self.tr("finds patterns one by one"),
            "BatchNormalization": self.tr("keeps values steady"),
            "ReLU": self.tr("lets only finds pass"),
            "Add": self.tr("adds what came in"),
            "ZeroPadding2D": self.tr("adds an empty margin"),
            "GlobalAveragePooling2D": self.tr("averages the whole photo"),
            "Dense": self.tr("weighs finds for each class"),
        }
        return does.get(kind, "")
