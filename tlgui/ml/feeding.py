"""Prepares, for one phase of a run, what is fed to what."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tlgui import paths
from tlgui.core.backbone import Backbone
from tlgui.core.events import Emit, SourceChosen, Streaming
from tlgui.core.phases import Phase
from tlgui.core.spec import TrainingSpec
from tlgui.ml import models
from tlgui.ml.averaging import Movable, averaged
from tlgui.ml.backbones import build_backbone
from tlgui.ml.content_digests import ContentDigests
from tlgui.ml.contents import Contents
from tlgui.ml.cut_source import CutSource, Shared
from tlgui.ml.cuts import POOLED, Cut, find_cut, is_untouched
from tlgui.ml.identity_reader import IdentityReader
from tlgui.ml.learners import BlockLearner, HeadLearner, Learner, Weights
from tlgui.ml.notices import Notices
from tlgui.ml.pipeline import SampleReader, Source, StreamSource
from tlgui.ml.precision import Follower, follower_of_blocks, follower_of_head

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

    def __init__(
        self,
        spec: TrainingSpec,
        backbone: Backbone,
        reader: SampleReader,
        steps: int,
        emit: Emit,
        at_once: int = 0,
    ) -> None:
        """Prepares nothing yet.

        Args:
            spec: decides the run.
            backbone: with the weights that the run starts from.
            reader: decodes.
            steps: batches an epoch.
            emit: told what goes otherwise than planned.
            at_once: the most samples that go through a model at once; 0 for whole
                batches.
        """
        self._spec = spec
        self._backbone = backbone
        self._at_once = at_once
        self._reader = reader
        self._steps = steps
        self._classes = len(reader.dataset.class_names)
        self._open = contextlib.ExitStack()
        self._notices = Notices(emit)
        self._digests: ContentDigests | None = None
        self._shared: Shared | None = None

    @property
    def notices(self) -> Sequence[str]:
        """The sentences that a person was told, for the report."""
        return self._notices.sentences

    def note(self, kind: str, sentence: str) -> None:
        """Tells a sentence, if there is one and none of its kind was told before."""
        if sentence:
            self._notices.add(kind, sentence)
            self._notices.tell()

    def prepare(
        self, phase: Phase, weights: Weights | None, streams: bool | None = None
    ) -> Feed:
        """Prepares a phase.

        Args:
            phase: decides what changes.
            weights: what earlier phases have learned, or the head to start from.
            streams: whether streaming is the cheaper; None to forecast it.
        """
        cut = find_cut(self._backbone, phase.trainable)
        reason = Streaming.NOTHING_FROZEN
        # What is kept is what pretrained layers gave; blocks that have learned since
        # would give something else.
        if cut is not None and not is_untouched(cut, phase.learned):
            cut, reason = None, Streaming.LEARNED
        if cut is not None and cut.block == POOLED:
            return self._head_feed(phase, cut, weights)
        keras_model = self._classifier(weights)
        learner = BlockLearner(
            *(self._spec, phase, self._steps, keras_model, cut),
            at_once=self._at_once,
            pretrained=lambda: build_backbone(self._backbone),
        )
        if cut is None:
            stream = StreamSource(
                self._reader, self._spec.augmentation, self._spec.seed
            )
            chosen = SourceChosen(False, 0, "TensorFlow", reason)
            return Feed(averaged(learner, self._spec.ema), stream, chosen)
        follower = follower_of_blocks(learner, keras_model)
        return self._feed(phase, cut, learner, follower, streams)

    def identity(self) -> IdentityReader:
        """Gets ready to find out what the run depends on, beside its training."""
        reader = IdentityReader(self._reader.dataset, self._sharing().contents.of)
        self._open.callback(reader.close)
        return reader

    def close(self) -> None:
        """Closes the caches and remembers what was in the files."""
        self._open.close()
        if self._digests is not None and self._digests.trouble:
            _log.info("Files are read again next time: %s", self._digests.trouble)

    def _head_feed(self, phase: Phase, cut: Cut, weights: Weights | None) -> Feed:
        def learner(head: Any) -> HeadLearner:
            features = cut.backbone.features
            return HeadLearner(
                self._spec, phase, self._steps, features, self._classes, head
            )

        learning = learner(None if weights is None else weights.head)
        return self._feed(phase, cut, learning, follower_of_head(learning, learner))

    def _feed(
        self,
        phase: Phase,
        cut: Cut,
        learner: Movable,
        follower: Follower,
        streams: bool | None = None,
    ) -> Feed:
        source = CutSource(self._sharing(), cut, phase, follower, streams)
        self._open.callback(source.close)
        learning = averaged(learner, self._spec.ema)
        return Feed(learning, source.source, source.chosen)

    def _classifier(self, weights: Weights | None) -> Any:
        activation = models.head_activation(self._spec)
        if weights is None:
            return models.build_classifier(
                self._backbone, self._classes, activation=activation
            )
        return weights.classifier(self._backbone, self._classes, activation)

    def _sharing(self) -> Shared:
        if self._shared is None:
            root = paths.activations_dir()
            self._digests = self._open.enter_context(ContentDigests(root))
            contents = Contents(self._reader, self._digests, self._notices)
            self._shared = Shared(
                self._spec, self._reader, contents, self._notices, root, self._at_once
            )
        return self._shared
