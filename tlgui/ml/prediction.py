"""Names the class of files."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tlgui.core.dataset import files_below
from tlgui.core.errors import TlguiError
from tlgui.core.events import Prediction
from tlgui.core.images import UnreadableError
from tlgui.core.label_metrics import THRESHOLD
from tlgui.core.run import Run
from tlgui.core.task import find_task
from tlgui.ml.evaluation import predict_files

Source = str | tuple[str, bytes]


def predict_sources(run: Run, sources: Iterable[Source]) -> Iterator[Prediction]:
    """Answers for files, for every sample below folders, and for pasted pictures.

    Args:
        run: a finished run.
        sources: paths, or pictures as (name, bytes).

    Yields:
        One prediction a file, in order; one that cannot be read has no class names
        but a problem.
    """
    answer, multilabel = predict_files(run), find_task(run.spec.task).multilabel
    for source in _expanded(run, sources):
        name, content = source if isinstance(source, tuple) else (source, None)
        try:
            names, probabilities = answer(Path(name) if content is None else content)
        except UnreadableError as error:
            yield Prediction(name, (), (), str(error))
        else:
            said = _said(names, probabilities) if multilabel else None
            yield Prediction(name, names, probabilities, labels=said)


def _said(names: Sequence[str], probabilities: Sequence[float]) -> tuple[str, ...]:
    """The classes that are more probable than not."""
    ranked = zip(names, probabilities, strict=True)
    return tuple(name for name, share in ranked if share > THRESHOLD)


def _expanded(run: Run, sources: Iterable[Source]) -> Iterator[Source]:
    """Puts the samples below a folder in its place."""
    task = find_task(run.spec.task)
    for source in sources:
        if isinstance(source, tuple) or not Path(source).is_dir():
            yield source
            continue
        found = False
        for file in files_below(Path(source)):
            if task.refusal(file) is None:
                found = True
                yield str(file)
        if not found:
            raise TlguiError(
                f"Expected {task.plural} in {source}, but found none. "
                "Choose another file or folder."
            )


def predict_paths(run: Run, paths: Sequence[Path]) -> Iterator[Prediction]:
    """Answers for files, and for every sample below folders.

    Raises:
        TlguiError: a path does not exist, or a folder holds no sample.
    """
    for path in paths:
        if not path.exists():
            raise TlguiError(
                f"Expected a file or folder, but there is none at {path}. "
                "Check the name."
            )
    return predict_sources(run, map(str, paths))
