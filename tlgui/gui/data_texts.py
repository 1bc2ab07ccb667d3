"""The data page's sentences that depend on what was found."""

from collections.abc import Sequence

from PySide6.QtCore import QLocale, QObject

from tlgui.core.dataset import (
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    Dataset,
    labels_per_sample,
)
from tlgui.core.task import find_task
from tlgui.gui.class_rows import FEW, ClassRow, few_rows, unequal_rows

_NAMED = 3


class DataTexts(QObject):
    """Says counts and warnings in plain words."""

    def number(self, value: int) -> str:
        """A number in the way of the person's country."""
        return QLocale().toString(value)

    def split(self, split: str) -> str:
        """What a split is called."""
        titles = {
            TRAIN: self.tr("training"),
            VALIDATION: self.tr("validation"),
            TEST: self.tr("test"),
        }
        return titles[split]

    def counts(self, row: ClassRow, plural: str) -> str:
        """Of a class: "124 training · 70 validation", or "100 photos"."""
        train, *others = row.counts
        if not any(others):
            return f"{self.number(train)} {plural}"
        return " · ".join(
            f"{self.number(count)} {self.split(split)}"
            for split, count in zip(SPLITS, row.counts, strict=True)
            if count or split == TRAIN
        )

    def summary(self, dataset: Dataset) -> str:
        """One line on the whole folder."""
        train, validation, test = (len(dataset.samples.get(s, ())) for s in SPLITS)
        classes = len(dataset.class_names)
        task = find_task(dataset.task)
        text = self.tr("{count} {photos} in {classes} {noun}").format(
            count=self.number(train),
            photos=task.noun if train == 1 else task.plural,
            classes=self.number(classes),
            noun=self.tr("class") if classes == 1 else self.tr("classes"),
        )
        if validation:
            text += self.tr(", and {count} for validation").format(
                count=self.number(validation)
            )
        if test:
            text += self.tr(", and {count} for a test").format(count=self.number(test))
        return text

    def origin(self, dataset: Dataset) -> str:
        """Which table says what photos show, and whether they may show several."""
        if not dataset.table:
            return ""
        if not dataset.is_multilabel:
            return self.tr("The table {0} says what they show.").format(dataset.table)
        counts = labels_per_sample(dataset)
        mean = QLocale().toString(sum(counts) / max(len(counts), 1), "f", 1)
        text = self.tr(
            "The table {table} says what they show: several classes each, or none, "
            "{mean} on average. A photo counts for each of its classes below."
        ).format(table=dataset.table, mean=mean)
        if empty := counts.count(0):
            text += " " + self.tr("{0} show none.").format(self.number(empty))
        return text

    def hints(self, rows: Sequence[ClassRow], plural: str) -> list[str]:
        """What may make the result worse."""
        told = []
        few = few_rows(rows)
        if few:
            told.append(self._few(few, plural))
        unequal = unequal_rows(rows)
        if unequal is not None:
            told.append(self._unequal(*unequal, plural))
        return told

    def left_out(self, count: int) -> str:
        """How many files are not used."""
        if count == 1:
            return self.tr("1 file was left out")
        return self.tr("{count} files were left out").format(count=self.number(count))

    def files_done(self, done: int, total: int) -> str:
        """How far a scan is."""
        return self.tr("{done} of {total} files").format(
            done=self.number(done), total=self.number(total)
        )

    def time_left(self, seconds: float) -> str:
        """About how long it will take, never more exact than it is."""
        if seconds < 5:
            return self.tr("a few seconds left")
        if seconds < 60:
            tens = round(seconds / 10 + 0.5) * 10
            return self.tr("less than {count} seconds left").format(count=tens)
        if seconds < 90:
            return self.tr("about a minute left")
        minutes = self.number(round(seconds / 60))
        return self.tr("about {count} minutes left").format(count=minutes)

    def _few(self, few: Sequence[ClassRow], plural: str) -> str:
        named = ", ".join(f"“{r.name}” ({self.number(r.train)})" for r in few[:_NAMED])
        if len(few) > _NAMED:
            more = self.number(len(few) - _NAMED)
            named += self.tr(" and {count} more").format(count=more)
        return self.tr(
            "Fewer than {few} {photos} to train on: {named}. It can work, but more "
            "{photos} of these help more than anything else."
        ).format(few=FEW, photos=plural, named=named)

    def _unequal(self, most: ClassRow, least: ClassRow, plural: str) -> str:
        times = most.train / least.train
        return self.tr(
            "Very unequal classes: “{most}” has {times} times as many {photos} as "
            "“{least}”, so the model may say “{most}” too often. More {photos} of "
            "“{least}” help, or let rare classes count more when you train."
        ).format(
            most=most.name,
            least=least.name,
            times=QLocale().toString(
                times, "f", 1 if times < 10 and round(times, 1) % 1 else 0
            ),
            photos=plural,
        )
