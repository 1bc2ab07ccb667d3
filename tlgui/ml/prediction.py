"""Names the class of files."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tlgui.core.dataset import files_below
from tlgui.core.errors import TlguiError
from tlgui.core.events import Prediction
from tlgui.core.images import UnreadableError
from tlgui.core.run import Run
from tlgui.core.task import find_task
from tlgui.ml.evaluation import predict_files

Source = str | tuple[str, bytes]


def predict_sources(run: Run, sources: Iterable[Source]) -> Iterator[Prediction]:
    """Answers for files, or for pictures given as (name, bytes).

    Args:
        run: a finished run.
        sources: what to answer for.

    Yields:
        One prediction a source, in order; one that cannot be read has no class
        names but a problem.
    """
    answer = predict_files(run)
    for source in sources:
        name, content = source if isinstance(source, tuple) else (source, None)
        try:
            names, probabilities = answer(Path(name) if content is None else content)
        except UnreadableError as error:
            yield Prediction(name, (), (), str(error))
        else:
            yield Prediction(name, names, probabilities)


def predict_paths(run: Run, paths: Sequence[Path]) -> Iterator[Prediction]:
    """Answers for files, and for every sample below folders.

    Raises:
        TlguiError: a path does not exist, or there is no sample at all.
    """
    task = find_task(run.spec.task)
    files: list[str] = []
    for path in paths:
        if path.is_dir():
            found = files_below(path)
            files += [str(file) for file in found if task.refusal(file) is None]
        elif path.exists():
            files.append(str(path))
        else:
            raise TlguiError(
                f"Expected a file or folder, but there is none at {path}. "
                "Check the name."
            )
    if not files:
        raise TlguiError(
            f"Expected {task.plural} in {paths[0]}, but found none. "
            "Choose another file or folder."
        )
    return predict_sources(run, files)
