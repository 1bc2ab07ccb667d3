"""What it means to start from a model of one's own, in words."""

from collections.abc import Sequence

from PySide6.QtCore import QObject

from tlgui.core.catalogue import find_backbone
from tlgui.core.starting_point import StartingPoint
from tlgui.gui.dates import short_moment
from tlgui.gui.percent import percent
from tlgui.gui.starting_points import OwnModel

_NAMED = 4


class StartWords(QObject):
    """Puts a model of one's own into words; an object, so that they are translated."""

    def sentence(self, own: OwnModel, class_names: Sequence[str]) -> str:
        """What starting from it means.

        Args:
            own: the model.
            class_names: of the present data set; none while there is no data set.
        """
        return f"{self.origin(own)} {self.classes(own.point, class_names)}"

    def origin(self, own: OwnModel) -> str:
        """What a run starts from, and how good it is."""
        if not own.point.is_run:
            text = self.tr("Starts from “{name}”, a model from a file.")
            return text.format(name=own.title)
        if own.point.accuracy < 0:
            return self.tr("Starts from “{name}”.").format(name=own.title)
        text = self.tr(
            "Starts from “{name}”, which names {share} of its validation photos right."
        )
        return text.format(name=own.title, share=percent(own.point.accuracy))

    def classes(self, point: StartingPoint, class_names: Sequence[str]) -> str:
        """Which of the present classes it knows already."""
        known = [name for name in point.class_names if name in class_names]
        new = [name for name in class_names if name not in point.class_names]
        if not point.class_names:
            return self.tr("It brings no classes of its own, so the head begins anew.")
        if not class_names:
            return self.tr("It knows {0}.").format(self.names(point.class_names))
        if not known:
            return self.tr(
                "It knows none of your classes but {0}, so the head begins anew; what "
                "its layers have learned stays."
            ).format(self.names(point.class_names))
        if new:
            text = self.tr("It knows {known} already; new to it: {new}.")
            text = text.format(known=self.names(known), new=self.names(new))
        else:
            text = self.tr("It knows {0} already.").format(self.names(known))
        return f"{text} {self._gone(point, class_names)}".strip()

    def _gone(self, point: StartingPoint, class_names: Sequence[str]) -> str:
        gone = [name for name in point.class_names if name not in class_names]
        if not gone:
            return ""
        text = self.tr("Not among your photos, so it will no longer say: {0}.")
        return text.format(self.names(gone))

    def names(self, names: Sequence[str]) -> str:
        """Some class names as a list that can be read."""
        if len(names) > _NAMED + 1:
            shown = ", ".join(names[:_NAMED])
            return self.tr("{0} and {1} more").format(shown, len(names) - _NAMED)
        if len(names) < 2:
            return "".join(names)
        return self.tr("{0} and {1}").format(", ".join(names[:-1]), names[-1])

    def known(self, point: StartingPoint) -> str:
        """The classes that it knows; short."""
        return self.names(point.class_names) or self.tr("no classes of its own")

    def result(self, point: StartingPoint) -> str:
        """How good it is, or where it comes from; short."""
        if point.is_run and point.accuracy >= 0:
            return self.tr("{0} right").format(percent(point.accuracy))
        return self.tr("finished run") if point.is_run else self.tr("from a file")

    def facts(self, own: OwnModel) -> str:
        """Its architecture and its date; short."""
        parts = [find_backbone(own.point.backbone).title, short_moment(own.begun)]
        return " · ".join(part for part in parts if part)

    def whole(self, own: OwnModel) -> str:
        """Everything that is known of it, over several lines."""
        names = self.tr("Classes: {0}").format(", ".join(own.point.class_names))
        parts = [
            own.title,
            f"{self.result(own.point)} · {self.facts(own)}",
            names if own.point.class_names else "",
            own.point.report,
        ]
        return "\n".join(part for part in parts if part)
