"""Writes what a run leaves in its folder, while it trains and at its end."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from tlgui import paths
from tlgui.core.backbone import Backbone
from tlgui.core.checkpoint import Checkpoint, Checkpoints
from tlgui.core.errors import TlguiError
from tlgui.core.history import EpochRecord
from tlgui.core.run import Run
from tlgui.ml import model_template, models
from tlgui.ml.learners import Weights
from tlgui.ml.run_state import Best

# Epochs on kept features take milliseconds, a flushed file as long.
_INTERVAL = 0.5
# An epoch of a large model takes hours: no more than this is done twice.
_LONGEST = 60.0


class RunWriter:
    """Keeps a run folder up to date, and puts the finished model into it.

    Checkpoints are written by a thread of their own while training goes on. Where
    they come faster than the disk takes them, some are left out, never the newest.

    Attributes:
        trouble: why the last checkpoint could not be written, in a sentence.
    """

    def __init__(self, run: Run, backbone: Backbone) -> None:
        """Takes the run and its backbone, with the weights that it started from."""
        self.trouble = ""
        self._run = run
        self._backbone = backbone
        self._checkpoints = Checkpoints(run.folder)
        self._records: Sequence[EpochRecord] = ()
        self._best: Best | None = None
        self._written_best: Best | None = None
        self._last = time.monotonic()
        self._thread: threading.Thread | None = None

    def is_due(self, *, epoch_ended: bool) -> bool:
        """Whether it is time for a checkpoint, and the disk is free to take it."""
        if self._thread is None and epoch_ended:
            return True  # whatever happens from now on, something is kept
        if self._thread is not None and self._thread.is_alive():
            return False
        waited = time.monotonic() - self._last
        return waited >= (_INTERVAL if epoch_ended else _LONGEST)

    def remember(
        self,
        records: Sequence[EpochRecord],
        best: Best | None,
        checkpoint: Callable[[], Checkpoint | None],
        *,
        epoch_ended: bool = True,
    ) -> None:
        """Takes in how far the run is, and writes it if that is due.

        Args:
            records: of all finished epochs.
            best: the best of them.
            checkpoint: gives the state at this moment, or None if it cannot yet.
            epoch_ended: whether an epoch has just ended.
        """
        self._records, self._best = list(records), best
        if not self.is_due(epoch_ended=epoch_ended):
            return
        state = checkpoint()
        if state is None:
            return
        self._last = time.monotonic()
        self._thread = threading.Thread(
            target=self._write, args=(state, best), name="checkpoint"
        )
        self._thread.start()

    def flush(self) -> None:
        """Waits for the thread and writes the history of all finished epochs.

        Raises:
            TlguiError: the folder cannot be written.
        """
        self.wait()
        if self._records:
            self._run.write_history(self._records)

    def wait(self) -> None:
        """Waits for what the thread is writing."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def keep(self, state: Checkpoint) -> None:
        """Writes a checkpoint now, whatever was written before; see `trouble`."""
        self.wait()
        self._write(state, self._best)

    def drop_checkpoints(self) -> None:
        """Removes what is of use only until there is a model."""
        self._checkpoints.clear()

    def build_model(self, weights: Weights) -> Callable[[], None]:
        """Puts everything together again into one ordinary Keras model.

        Returns:
            What writes it, and raises a TlguiError if the folder cannot be written.
        """
        spec, file = self._run.spec, self._run.model_file
        if weights.whole is None:
            folders = paths.prepared_dirs()
            template = model_template.find_template(self._backbone, folders)
            members = model_template.fill_template(template, spec, weights.head)
            return partial(model_template.write_model, file, members)
        keras_model = weights.classifier(
            self._backbone, len(self._run.class_names), models.head_activation(spec)
        )
        models.prepare_saving(keras_model, spec)
        return partial(models.save_model, keras_model, file)

    def _write(self, state: Checkpoint, best: Best | None) -> None:
        """In the thread: the best and the history first, so that none is missing."""
        try:
            epoch = 0 if best is None else best.record.epoch
            if best is not None and best is not self._written_best:
                self._checkpoints.write_best(epoch, best.to_checkpoint())
                self._written_best = best
            if self._records:
                self._run.write_history(self._records)
            self._checkpoints.write(state, epoch)
            self.trouble = ""
        except TlguiError as error:
            self._fail(str(error))
        except MemoryError:
            self._fail("The computer's memory is not enough for a checkpoint.")

    def _fail(self, reason: str) -> None:
        self.trouble = (
            f"{reason} Training goes on, but could not be taken up again from "
            "here if it were interrupted now."
        )
