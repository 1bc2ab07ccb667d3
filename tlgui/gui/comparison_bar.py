"""Below the models: which of them suits the photos, once somebody has asked."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from tlgui.core.catalogue import find_backbone
from tlgui.core.ranking import Ranking
from tlgui.gui.controls import GAP, button, column, label, row
from tlgui.gui.percent import percent
from tlgui.gui.session import Session

_FULL = 1_000


class ComparisonBar(QFrame):
    """Shows how far a comparison is, and says what came of it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._comparison = session.comparison
        self.sentence = label("", wrap=True)
        self.exact = label("", "small", wrap=True)
        self.sentence.setToolTip(
            self.tr(
                "How often this is right: on 17 tasks of ours it named the one of "
                "three models that then trained best 11 times (0.5 percentage points "
                "of accuracy lost on average), ImageNet accuracy 7 times (1.6 lost)."
            )
        )
        self.bar = QProgressBar()
        self.bar.setRange(0, _FULL)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the comparison"))
        self.start = button(self.tr("Compare again"))
        self.stop = button(self.tr("Stop"))
        self.setProperty("role", "card")
        text = column(self.sentence, self.bar, self.exact, gap=6)
        line = row(text, self.start, self.stop, gap=GAP)
        line.setStretch(0, 1)
        line.setContentsMargins(GAP, 10, GAP, 10)
        self.setLayout(line)
        self.start.clicked.connect(session.compare_models)
        self.stop.clicked.connect(self._comparison.stop)
        self._comparison.changed.connect(self.show_state)
        session.dataset_changed.connect(self.show_state)
        session.status_changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Tells what there is to tell."""
        comparison = self._comparison
        self.setVisible(comparison.is_running or comparison.ranking is not None)
        self.start.setVisible(not comparison.is_running)
        self.start.setEnabled(not self._session.occupied())
        self.stop.setVisible(comparison.is_running)
        self.bar.setVisible(comparison.is_running)
        done, total = comparison.progress
        self.bar.setValue(round(_FULL * done / max(total, 1)))
        exact = ""
        if comparison.is_running:
            text = self.tr("Comparing the models on your photos: {0} of {1} looks…")
            text = text.format(done, total or "?")
        elif comparison.ranking is not None:
            text = self._found(comparison.ranking)
            exact = self._exact(comparison.ranking)
        else:
            text = ""
        self.sentence.setText(text)
        self.exact.setText(exact)
        self.exact.setVisible(bool(exact))

    def _found(self, ranking: Ranking) -> str:
        best, quickest = ranking.best, ranking.quickest
        text = self.tr(
            "Best bet for your photos: {title}. For {share} of {count} photos, the "
            "ones it finds most alike are of the same class."
        ).format(
            title=find_backbone(best.name).title,
            share=percent(best.knn),
            count=best.samples,
        )
        if quickest is not best:
            text += " " + self.tr("Not clearly worse, and faster: {0}.").format(
                find_backbone(quickest.name).title
            )
        elif len(ranking.scores) > 1:
            text += " " + self.tr("It is also the fastest of those that are as good.")
        return text

    def _exact(self, ranking: Ranking) -> str:
        parts = [
            self.tr("{title}: k-NN {knn} ± {error}, LogME {logme}, {speed} ms").format(
                title=find_backbone(score.name).title,
                knn=percent(score.knn),
                error=percent(score.uncertainty),
                logme=f"{score.logme:.3f}",
                speed=f"{score.milliseconds:.0f}",
            )
            for score in ranking.scores
        ]
        if len(parts) > 1:
            parts.append(
                self.tr("the two measures agree to {0} (Kendall's tau)").format(
                    f"{ranking.agreement:.2f}"
                )
            )
        return "; ".join(parts)
