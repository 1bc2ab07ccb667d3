"""Looks at files as a run's scan does, and decodes them for its training too."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from tlgui import paths
from tlgui.core.backbone import Backbone
from tlgui.core.images import UnreadableError
from tlgui.core.phases import plan_phases
from tlgui.core.spec import TrainingSpec
from tlgui.core.task import find_task
from tlgui.ml.cache_key import record_digest
from tlgui.ml.cache_room import cache_key
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.cuts import find_cut
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.pixel_memory import PixelMemory
from tlgui.ml.record_table import view_names


class ScanCheck:
    """Takes the place of `Task.inspect` where a run scans its data itself.

    A file is decoded at the size that training needs, and what fits in memory stays
    for it. A file whose activations are kept was decoded before, so that it is whole:
    it is not even opened.
    """

    def __init__(
        self, spec: TrainingSpec, backbone: Backbone, memory: PixelMemory
    ) -> None:
        self._task = find_task(spec.task)
        self._size = backbone.input_size
        self._memory = memory
        self._views = view_names(spec.augmentation, spec.seed)
        self._open = contextlib.ExitStack()
        self._cache: FeatureCache | None = None
        root = paths.activations_dir()
        cut = find_cut(backbone, plan_phases(spec)[0].trainable)
        if cut is not None and (root / cache_key(cut).folder).is_dir():
            self._cache = self._open.enter_context(FeatureCache(root, cache_key(cut)))
            self._digests = self._open.enter_context(ContentDigests(root))

    def inspect(self, file: Path) -> None:
        """Makes sure that a file can be used.

        Raises:
            UnreadableError: it cannot, and why.
        """
        reason = self._task.refusal(file)
        if reason:
            raise UnreadableError(reason)
        if not self._is_kept(file):
            self._memory.read(file, lambda path: self._task.decode(path, self._size))

    def _is_kept(self, file: Path) -> bool:
        if self._cache is None:
            return False
        try:
            content = self._digests.remembered(file, file.stat())
        except OSError:  # decoding will say why
            return False
        if content is None:
            return False
        return any(record_digest(content, view) in self._cache for view in self._views)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
