"""Preferences: whether the program looks for a newer version of itself."""

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QFrame

from tlgui import __version__
from tlgui.core.updates import Release
from tlgui.gui.controls import button, column, label, row, set_role
from tlgui.gui.preference_card import dress
from tlgui.gui.updates import Updates


class UpdatesCard(QFrame):
    """Off until a person wants it; says what is sent, and never installs anything."""

    def __init__(self, updates: Updates) -> None:
        super().__init__()
        self._updates = updates
        self.by_itself = QCheckBox(self.tr("Look for a new version once a week"))
        self.now = button(self.tr("Look now"))
        self.page = button(self.tr("Show its page"), "link")
        self.told = label("", "small", wrap=True)
        self._lay_out()
        self.by_itself.clicked.connect(updates.look_by_itself)
        self.now.clicked.connect(self._on_now)
        self.page.clicked.connect(self._on_page)
        updates.answered.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        heading = label(self.tr("New versions"), "heading")
        hint = label(self._hint(), "muted", wrap=True)
        below = row(self.told, self.page)
        below.setStretch(0, 1)
        choice = row(self.by_itself, None, self.now)
        dress(self, column(heading, hint, 4, choice, below))

    def _hint(self) -> str:
        source = self._updates.source
        if source is None:
            return self.tr(
                "This is version {0}. Newer ones come from where you got this one."
            ).format(__version__)
        return self.tr(
            "This is version {0}. A small signed file at {1} tells of newer ones. To "
            "read it sends nothing of yours, and nothing is installed by itself."
        ).format(__version__, source.address)

    @Slot()
    def _on_now(self) -> None:
        self._tell(self.tr("Looking…"))
        self.now.setEnabled(False)
        self._updates.look_now()

    @Slot()
    def _on_page(self) -> None:
        release = self._updates.newer
        if release is not None:
            QDesktopServices.openUrl(QUrl(release.page))

    @Slot()
    def _show(self) -> None:
        updates = self._updates
        for part in (self.by_itself, self.now):
            part.setVisible(updates.source is not None)
        self.by_itself.setChecked(updates.looks_by_itself)
        self.now.setEnabled(True)
        self.page.setVisible(updates.newer is not None)
        if updates.newer is not None:
            self._tell(_there(self, updates.newer), "good")
        elif updates.trouble:
            self._tell(updates.trouble, "bad")
        elif updates.has_looked:
            self._tell(self.tr("There is no newer version."), "good")

    def _tell(self, text: str, role: str = "small") -> None:
        set_role(self.told, role)
        self.told.setText(text)


def _there(frame: QFrame, release: Release) -> str:
    return frame.tr("Version {0} can be had.").format(release.version)
