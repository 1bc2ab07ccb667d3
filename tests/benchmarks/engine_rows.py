"""What is measured of the fast engine: one row for each way of doing the same work."""

import fnmatch
from dataclasses import dataclass
from enum import StrEnum

from tlgui.core.catalogue import DEFAULT_BACKBONE, find_backbone

HEAD_EPOCHS = 10
# The first epoch prepares; the median of the others is the time of an epoch.
BLOCK_EPOCHS = 3
_BLOCKS = len(find_backbone(DEFAULT_BACKBONE).blocks)
CUTS = {
    "last block": "last:1",
    "cut at 75 %": f"last:{_BLOCKS - round(_BLOCKS * 0.75)}",
    "cut at 50 %": f"last:{_BLOCKS - round(_BLOCKS * 0.5)}",
    "everything": "all",
}


class Way(StrEnum):
    """How the work is done."""

    KERAS = "keras"
    OURS = "ours"
    TORCH = "torch"
    LIMIT = "limit"
    KERAS_COMMAND = "keras command"
    OUR_COMMAND = "our command"


class Forget(StrEnum):
    """What is deleted before a measurement."""

    NOTHING = "nothing"
    PHOTOS = "photos"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Row:
    """One way of doing one piece of work.

    Attributes:
        key: names it in the results; begins with its group.
        title: names it in the table.
        way: how the work is done.
        trainable: which blocks may change.
        epochs: how many.
        xla: whether Keras chooses the compilation, which then is XLA.
        augmentation: a name of ours; anything but `none` is the guide's random layers.
        forget: what is deleted beforehand.
        overlapped: of the limit: whether photos are decoded while others compute.
    """

    key: str
    title: str
    way: Way
    trainable: str = "head"
    epochs: int = HEAD_EPOCHS
    xla: bool = False
    augmentation: str = "none"
    forget: Forget = Forget.NOTHING
    overlapped: bool = False

    @property
    def group(self) -> str:
        """The rows that do the same work."""
        return self.key.partition(".")[0]

    @property
    def cache(self) -> str:
        """The folder of what is kept: one for each piece of work."""
        return f"cache-{self.group}-{self.trainable.replace(':', '')}"


def _whole(group: str, augmentation: str = "none") -> list[Row]:
    keras, ours = Way.KERAS, Way.OURS
    first = Forget.PHOTOS
    return [
        Row(
            f"{group}.keras-default",
            "Keras guide",
            keras,
            xla=True,
            augmentation=augmentation,
        ),
        Row(
            f"{group}.keras",
            "Keras guide, XLA off",
            keras,
            augmentation=augmentation,
        ),
        Row(
            f"{group}.ours-first",
            "ours, first run",
            ours,
            augmentation=augmentation,
            forget=first,
        ),
        Row(f"{group}.ours-again", "ours, again", ours, augmentation=augmentation),
    ]


def _commands() -> list[Row]:
    theirs, ours = Way.KERAS_COMMAND, Way.OUR_COMMAND
    first, ever = Forget.PHOTOS, Forget.EVERYTHING
    return [
        Row("command.keras-default", "Keras guide", theirs, xla=True),
        Row("command.keras", "Keras guide, XLA off", theirs),
        Row("command.ours-ever", "ours, first ever", ours, forget=ever),
        Row("command.ours-first", "ours, first on these photos", ours, forget=first),
        Row("command.ours-again", "ours, again", ours),
    ]


def _epochs() -> list[Row]:
    made = []
    for title, trainable in CUTS.items():
        stem = f"epoch.{title.replace(' %', '').replace(' ', '-')}"
        of_cut = ((Way.KERAS, True), (Way.KERAS, False), (Way.OURS, False))
        for way, xla in of_cut:
            key = f"{stem}.{way}{'-default' if xla else ''}"
            made.append(Row(key, title, way, trainable, BLOCK_EPOCHS, xla))
    return made


def _torch() -> list[Row]:
    return [
        Row("torch.head", "PyTorch, plain way", Way.TORCH),
        Row("torch.all", "everything", Way.TORCH, "all", BLOCK_EPOCHS),
    ]


ROWS: dict[str, Row] = {
    row.key: row
    for row in (
        *_whole("head"),
        Row("head.limit", "the limit", Way.LIMIT),
        Row("head.limit-overlapped", "the limit", Way.LIMIT, overlapped=True),
        *_commands(),
        *_whole("light", "light"),
        *_epochs(),
        *_torch(),
    )
}
# Keras' default compilation is slower on a CPU in every epoch; the rows of single
# epochs are measured with it only when they are named.
RARELY = tuple(key for key, row in ROWS.items() if row.group == "epoch" and row.xla)


def choose_rows(names: list[str], *, with_torch: bool) -> list[Row]:
    """The rows of some names; without names, the usual ones.

    Args:
        names: keys, beginnings of keys up to a dot, or patterns such as `head.ours-*`.
        with_torch: whether there is an interpreter for the rows that need PyTorch.

    Raises:
        SystemExit: a name fits no row.
    """
    wanted = {key for key in ROWS if key not in RARELY} if not names else set()
    for name in names:
        found = {key for key in ROWS if _fits(key, name)}
        if not found:
            raise SystemExit(
                f"Expected rows out of {', '.join(ROWS)}, but found “{name}”."
            )
        wanted |= found
    rows = [row for key, row in ROWS.items() if key in wanted]
    return [row for row in rows if with_torch or row.way is not Way.TORCH]


def _fits(key: str, name: str) -> bool:
    return key.startswith(f"{name}.") or fnmatch.fnmatchcase(key, name)
