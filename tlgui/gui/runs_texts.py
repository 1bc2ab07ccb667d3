"""What the table of runs says about a run."""

from dataclasses import dataclass

from PySide6.QtCore import QObject

from tlgui.core.catalogue import find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.layers import describe_trainable
from tlgui.core.project_runs import RunSummary
from tlgui.core.spec import TrainingSpec
from tlgui.gui.dates import long_moment, short_moment
from tlgui.gui.durations import duration_text
from tlgui.gui.percent import percent
from tlgui.gui.runs_plot import shortened
from tlgui.gui.setting_choices import strategies

NOTHING = "–"


@dataclass(frozen=True)
class Cell:
    """One cell of the table.

    Attributes:
        text: as shown.
        order: what it is sorted by.
        tip: the whole of it.
    """

    text: str
    order: float | str
    tip: str = ""


class RunsWords(QObject):
    """Cells in words; an object of its own so that they are translated."""

    def date(self, begun: str) -> Cell:
        """When a run began."""
        text = short_moment(begun)
        return Cell(text, begun, long_moment(begun)) if text else Cell(NOTHING, "")

    def backbone(self, spec: TrainingSpec) -> Cell:
        """Which pretrained model."""
        try:
            title = find_backbone(spec.backbone).title
        except TlguiError:
            title = spec.backbone
        return Cell(title, title)

    def learns(self, spec: TrainingSpec) -> Cell:
        """Which blocks learn besides the head."""
        blocks = find_backbone(spec.backbone).blocks
        described = describe_trainable(spec.trainable, blocks)
        count = len(spec.trainable)
        tip = self.tr("On the command line: --trainable {0}").format(described)
        if not count:
            return Cell(self.tr("head only"), 0, tip)
        if count == len(blocks):
            return Cell(self.tr("everything"), count, tip)
        if described == "last:1":
            text = self.tr("last block")
        elif described.startswith("last:"):
            text = self.tr("last {0} of {1} blocks")
        else:
            text = self.tr("{0} of {1} blocks")
        names = ", ".join(spec.trainable)
        return Cell(text.format(count, len(blocks)), count, f"{names}\n{tip}")

    def strategy(self, spec: TrainingSpec, origin: str = "") -> Cell:
        """From which model of one's own, or else in which order things begin to change.

        Args:
            spec: decided the run.
            origin: what the model of one's own is called that it started from.
        """
        order = self._order(spec)
        if not origin:
            return order
        text = self.tr("from {0}").format(shortened(origin))
        tip = self.tr("It started from the model “{0}”.").format(origin)
        return Cell(text, f"{order.order} {origin}", f"{tip}\n{order.tip}")

    def _order(self, spec: TrainingSpec) -> Cell:
        if not spec.trainable:
            return Cell(
                NOTHING, "", self.tr("With the head alone there is only one way.")
            )
        for place, choice in enumerate(strategies()):
            if choice.value == spec.strategy:
                title = choice.title
                text = title[:1].lower() + title[1:]
                return Cell(text, str(place), choice.meaning)
        return Cell(spec.strategy, "")

    def epochs(self, run: RunSummary) -> Cell:
        """How many epochs were done, and planned."""
        done, planned = len(run.history), run.spec.epochs
        text = (
            str(done)
            if done == planned
            else self.tr("{0} of {1}").format(done, planned)
        )
        return Cell(text, done)

    def accuracy(self, run: RunSummary) -> Cell:
        """The best validation accuracy with its 95 % interval."""
        if run.accuracy is None:
            return Cell(NOTHING, -1.0, self.tr("No epoch was finished."))
        text, tip = percent(run.accuracy), ""
        if run.interval is not None:
            low, high = run.interval
            text += self.tr("  ({0} to {1})").format(
                f"{100 * low:.0f}", f"{100 * high:.0f}"
            )
            tip = self.tr(
                "With so many validation photos, the true share very likely lies "
                "between {0} and {1} (95 % Wilson interval)."
            ).format(percent(low), percent(high))
        if not run.has_model:
            tip = self.tr("The best epoch; no model was kept.")
        return Cell(text, run.accuracy, tip)

    def time(self, run: RunSummary) -> Cell:
        """How long it took."""
        if not run.seconds:
            return Cell(NOTHING, 0.0)
        return Cell(duration_text(run.seconds), run.seconds)
