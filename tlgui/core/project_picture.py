"""A small picture of a project, for the list of recent ones."""

from functools import partial
from pathlib import Path

from PIL import Image

from tlgui.core import storage
from tlgui.core.dataset import SPLITS, Dataset
from tlgui.core.images import UnreadableError
from tlgui.core.task import find_task

SIDE = 96
_TRIED = 5


def write_project_picture(file: Path, dataset: Dataset) -> None:
    """Writes the first sample that can be read, small.

    Raises:
        TlguiError: the system refused to write.
    """
    task = find_task(dataset.task)
    samples = [sample for split in SPLITS for sample in dataset.samples.get(split, ())]
    for sample in samples[:_TRIED]:
        try:
            pixels = task.thumbnail(dataset.file(sample), SIDE)
        except UnreadableError:
            continue
        storage.write_whole(file, partial(_save, Image.fromarray(pixels)))
        return


def _save(picture: Image.Image, file: Path) -> None:
    picture.save(file, "PNG")
