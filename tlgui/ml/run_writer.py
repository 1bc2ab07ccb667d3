"""Writes what a run leaves in its folder, while it trains and at its end."""

import time
from collections.abc import Sequence

from tlgui import paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.history import EpochRecord
from tlgui.core.run import Run
from tlgui.ml import model_template, models
from tlgui.ml.learners import Weights
from tlgui.ml.run_report import save_checkpoint

# Epochs on kept features take milliseconds, a flushed file as long: what is written
# less often than this loses no more than this to a kill.
_INTERVAL = 0.5


class RunWriter:
    """Keeps a run folder up to date, and puts the finished model into it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._records: Sequence[EpochRecord] = ()
        self._best: Weights | None = None
        self._written = 0.0

    def remember(
        self, records: Sequence[EpochRecord], better: Weights | None = None
    ) -> None:
        """Takes in an epoch that ended; writes it at once or within half a second.

        Args:
            records: of all epochs.
            better: the weights, if they are the best so far.

        Raises:
            TlguiError: the folder cannot be written.
        """
        self._records = records
        self._best = better or self._best
        if time.monotonic() - self._written >= _INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Writes what was not written yet.

        Raises:
            TlguiError: the folder cannot be written.
        """
        if self._best is not None:
            save_checkpoint(self._best, self._run.checkpoint_file)
            self._best = None
        if self._records:
            self._run.write_history(self._records)
            self._records = ()
        self._written = time.monotonic()

    def drop_checkpoint(self) -> None:
        """Removes what is of use only until there is a model."""
        self._best = None
        self._run.checkpoint_file.unlink(missing_ok=True)

    def write_model(self, weights: Weights) -> None:
        """Puts everything together again into one ordinary Keras model.

        Raises:
            TlguiError: the folder cannot be written.
        """
        spec = self._run.spec
        if weights.whole is None:
            folders = paths.prepared_dirs()
            template = model_template.find_template(
                find_backbone(spec.backbone), folders
            )
            members = model_template.fill_template(template, spec, weights.head)
            model_template.write_model(self._run.model_file, members)
            return
        keras_model = weights.classifier(spec, len(self._run.class_names))
        models.prepare_saving(keras_model, spec)
        models.save_model(keras_model, self._run.model_file)
