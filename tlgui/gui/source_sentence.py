"""How often a run looks at each photo, and why, in plain words."""

from PySide6.QtCore import QObject

from tlgui.core.events import SourceChosen, Stage, Streaming
from tlgui.gui.current_run import CurrentRun

_IN_EPOCHS = (Stage.TRAINING, Stage.VALIDATING)


class SourceSentence(QObject):
    """Puts what the engine chose into words."""

    def __init__(self, run: CurrentRun, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run

    def text(self) -> str:
        """A short sentence; "" while there are no epochs."""
        source = self._run.source
        if source is None or self._run.stage not in _IN_EPOCHS:
            return ""
        if source.cached and source.views <= 1:
            return self.tr(
                "Frozen layers look at each photo once; later runs reuse it."
            )
        if source.cached:
            text = self.tr("Frozen layers look once at {0} variations of each photo.")
            return text.format(source.views)
        return self._streaming(source.reason)

    def explained(self) -> str:
        """The same at length, with the field's own terms."""
        source = self._run.source
        if source is None:
            return ""
        text = self._kept() if source.cached else self._not_kept(source)
        return text.format(source.runtime)

    def _streaming(self, reason: Streaming) -> str:
        match reason:
            case Streaming.ROOM:
                return self.tr(
                    "Too much to keep on this disk: photos are looked at anew."
                )
            case Streaming.CHEAPER:
                return self.tr(
                    "New variations each epoch: quicker here than keeping them."
                )
            case Streaming.LEARNED:
                return self.tr("First layers have learned: photos are looked at anew.")
        return self.tr("First layers learn: photos are looked at anew each epoch.")

    def _kept(self) -> str:
        return self.tr(
            "What the frozen layers saw is kept on the disk, so later epochs and "
            "later runs do not compute it again (feature caching, computed with "
            "{0}). How much is kept: File, Preferences."
        )

    def _not_kept(self, source: SourceChosen) -> str:
        match source.reason:
            case Streaming.ROOM:
                return self.tr(
                    "What the frozen layers saw would take more than the limit in "
                    "File, Preferences, so they look at each photo in every epoch "
                    "(no feature caching; the frozen layers run with {0})."
                )
            case Streaming.CHEAPER:
                return self.tr(
                    "Few layers are frozen and what they saw would be large: looking "
                    "anew takes less time than writing and reading it (no feature "
                    "caching; the frozen layers run with {0})."
                )
        return self.tr(
            "Only what frozen layers in front of the learning ones saw could be "
            "kept (no feature caching; all layers run with {0})."
        )
