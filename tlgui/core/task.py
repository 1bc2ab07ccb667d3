"""The task seam: what differs between photos, texts and sounds."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tlgui.core import augmentation, images
from tlgui.core.errors import TlguiError
from tlgui.core.types import Pixels


@dataclass(frozen=True)
class Task:
    """Everything a kind of data needs outside the engine.

    Attributes:
        name: as saved in `spec.json`.
        title: as people call it.
        noun: one sample ("photo").
        plural: several samples ("photos").
        refusal: why a path can never be a sample (by its ending), or None.
        inspect: reads a file whole; raises `UnreadableError` with the reason.
        decode: reads a file for a model of the given input size.
        decoder_version: changes when `decode` or `augment` gives other numbers.
        thumbnail: reads a file for the eye, longest side in pixels.
        augmentations: names and what each does, mildest first.
        augment: changes one decoded sample at random.
        multilabel: whether a sample may show several classes, or none.
        kinds: the names of the tasks for the same samples where each shows exactly one
            class, and where they may show several.
    """

    name: str
    title: str
    noun: str
    plural: str
    refusal: Callable[[Path], str | None]
    inspect: Callable[[Path], object]
    decode: Callable[[Path | bytes, int], Pixels]
    decoder_version: int
    thumbnail: Callable[[Path | bytes, int], Pixels]
    augmentations: Mapping[str, str]
    augment: Callable[[Pixels, str, np.random.Generator], Pixels]
    multilabel: bool = False
    kinds: tuple[str, str] = ("", "")

    def name_for(self, *, multilabel: bool) -> str:
        """The name of the task for the same samples with one class, or several."""
        return self.kinds[multilabel] or self.name


_KINDS = ("image-classification", "image-multilabel")

IMAGE_CLASSIFICATION = Task(
    name=_KINDS[0],
    title="Image classification",
    noun="photo",
    plural="photos",
    refusal=images.refusal,
    inspect=images.inspect,
    decode=images.decode,
    decoder_version=images.DECODER_VERSION + augmentation.VERSION,
    thumbnail=images.thumbnail,
    augmentations=augmentation.NAMES,
    augment=augmentation.augment,
    kinds=_KINDS,
)

IMAGE_MULTILABEL = dataclasses.replace(
    IMAGE_CLASSIFICATION,
    name=_KINDS[1],
    title="Images with several classes each",
    multilabel=True,
)

TASKS: Mapping[str, Task] = MappingProxyType(
    {task.name: task for task in (IMAGE_CLASSIFICATION, IMAGE_MULTILABEL)}
)


def find_task(name: str) -> Task:
    """Returns the task of that name.

    Raises:
        TlguiError: there is none.
    """
    try:
        return TASKS[name]
    except KeyError:
        known = ", ".join(TASKS)
        raise TlguiError(
            f"Expected one of the tasks {known}, but found “{name}”. "
            "It may come from a newer version of this program."
        ) from None
