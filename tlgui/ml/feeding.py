"""Decides, for one phase of a run, what is fed to what: cached or streamed."""

import contextlib
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.dataset import TRAIN, VALIDATION
from tlgui.core.events import SourceChosen
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.core.types import Pixels
from tlgui.ml import features, models
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.feature_cache import FeatureCache
from tlgui.ml.learners import BlockLearner, HeadLearner, Learner, Weights
from tlgui.ml.pipeline import SampleReader, Source, StreamSource
from tlgui.ml.prefix import POOLED, Cut, KerasPrefix, find_cut, make_prefix

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feed:
    """A phase's learner, and the sources of its batches.

    Attributes:
        learner: moves the weights.
        source: of training and of validation batches.
        chosen: what is told about it.
    """

    learner: Learner
    source: Source
    chosen: SourceChosen


class Feeding:
    """Prepares the feeds of a run; keeps what phases share."""

    def __init__(self, spec: TrainingSpec, reader: SampleReader, steps: int) -> None:
        self._spec = spec
        self._reader = reader
        self._steps = steps
        self._backbone = find_backbone(spec.backbone)
        self._classes = len(reader.dataset.class_names)
        self._cache_root = paths.activations_dir()
        self._open = contextlib.ExitStack()
        self._kept: list[FeatureCache | ContentDigests] = []
        self._contents: features.Contents | None = None

    def prepare(self, phase: Phase, weights: Weights | None) -> Feed:
        """Prepares a phase.

        Args:
            phase: decides what changes.
            weights: what earlier phases have learned.
        """
        cut = find_cut(self._backbone, phase.trainable)
        # What is kept is what pretrained layers gave; blocks that have learned since
        # would give something else.
        learned = weights is not None and weights.whole is not None
        if cut is not None and (learned or not self._fits(cut)):
            cut = None
        learner = self._learner(phase, cut, weights)
        augmentation, seed = self._spec.augmentation, self._spec.seed
        if cut is None:
            source: Source = StreamSource(self._reader, augmentation, seed)
            return Feed(learner, source, SourceChosen(False, 0, "TensorFlow"))
        prefix = make_prefix(cut, paths.prepared_dirs(), self._sample)
        cache = self._open.enter_context(features.open_cache(self._cache_root, cut))
        self._kept.append(cache)
        source = features.FeatureSource(
            self._reader, prefix, cache, self._shared_contents(), augmentation, seed
        )
        name = "TensorFlow" if isinstance(prefix, KerasPrefix) else "LiteRT"
        views = features.VIEWS[augmentation]
        return Feed(learner, source, SourceChosen(True, views, name))

    def close(self) -> None:
        """Closes the caches and notes what they could not keep."""
        self._open.close()
        for kept in self._kept:
            if kept.trouble:
                _log.info("Not everything was kept: %s", kept.trouble)

    def _learner(
        self, phase: Phase, cut: Cut | None, weights: Weights | None
    ) -> Learner:
        if cut is not None and cut.block == POOLED:
            return HeadLearner(
                self._spec,
                phase,
                self._steps,
                cut.backbone.features,
                self._classes,
                None if weights is None else weights.head,
            )
        if weights is None:
            keras_model = models.build_classifier(self._backbone.name, self._classes)
        else:
            keras_model = weights.classifier(self._spec, self._classes)
        return BlockLearner(self._spec, phase, self._steps, keras_model, cut)

    def _fits(self, cut: Cut) -> bool:
        samples = self._reader.dataset.samples
        count = len(samples[TRAIN]) + len(samples[VALIDATION])
        return features.fits(self._cache_root, cut, count, self._spec.augmentation)

    def _shared_contents(self) -> features.Contents:
        if self._contents is None:
            digests = self._open.enter_context(ContentDigests(self._cache_root))
            self._kept.append(digests)
            self._contents = features.Contents(self._reader, digests)
        return self._contents

    def _sample(self) -> Pixels:
        """A few decoded samples on which a converted prefix is checked."""
        found: list[Any] = []
        for sample in self._reader.dataset.samples[TRAIN]:
            pixels = self._reader.read(sample)
            if pixels is not None:
                found.append(pixels)
            if len(found) == features.CHECKED_SAMPLES:
                break
        size = self._reader.size
        return np.stack(found) if found else np.zeros((1, size, size, 3), np.uint8)
