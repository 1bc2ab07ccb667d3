"""`tlgui search`: tries settings, each in an ordinary run, and says what is best."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from tlgui.cli_progress import ProgressBar
from tlgui.cli_stop import EXIT_STOPPED, StopFlag
from tlgui.cli_training import DATA_HELP, add_setting_options, spec_of
from tlgui.core.errors import TlguiError
from tlgui.core.events import BatchEnded, Event, Noticed, ProgressMade, RunStarted
from tlgui.core.search import USUAL_TRIALS, SearchSpec, SearchState, Trial, TrialOutcome
from tlgui.core.search_events import SearchBegan, TrialBegan, TrialEnded
from tlgui.core.search_file import SEARCH, begin_search, read_search
from tlgui.core.search_space import USUAL, in_words, parse_ranges, searchable
from tlgui.core.wakefulness import kept_awake

_ENDINGS = {
    TrialOutcome.FINISHED: "",
    TrialOutcome.CUT: "  ended early",
    TrialOutcome.PRUNED: "  behind the others, ended early",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what is searched, for how long, and the settings that are not searched."""
    add = parser.add_argument
    add("data", type=Path, metavar="DATA", help=DATA_HELP)
    add("--out", type=Path, required=True, metavar="FOLDER", help="of all trials")
    add(
        "--search",
        default=_dashed(USUAL),
        metavar="NAME,NAME…",
        help=f"out of {_dashed(searchable(), ', ')}; with values as in blocks=0..4 or "
        f"optimizer=adam/sgd ({_dashed(USUAL, ', ')})",
    )
    add("--trials", type=int, help=f"how many at most ({USUAL_TRIALS})")
    add("--minutes", type=float, help="that it may take (as long as the trials do)")
    add(
        "--resume",
        action="store_true",
        help="go on with a search as it began; only --trials and --minutes count then",
    )
    add_setting_options(parser)


def search(options: argparse.Namespace, stop: StopFlag) -> int:
    """Searches, and says what is best.

    Raises:
        TlguiError: the data, the folder or an option does not do.
        Stopped: it was stopped before its first trial began.
    """
    from tlgui.ml.search import search_settings

    file = options.out.absolute() / SEARCH
    state = _state(options, file)
    stop.advice = "The search can go on: the same command with --resume."
    with _Output(as_json=options.json) as output, kept_awake():

        def emit(event: Event) -> None:
            stop.follow(event)
            output.show(event)

        found = search_settings(state, file, emit, stop)
    if not options.json:
        print("\n".join(found.sentences()))
        if found.best is not None:
            print(f"Run folder: {file.parent / found.best.run}")
    if stop() is None:
        return 0
    print(stop.advice, file=sys.stderr)
    return EXIT_STOPPED


def _state(options: argparse.Namespace, file: Path) -> SearchState:
    """A new search, or the one that goes on."""
    seconds = None if options.minutes is None else 60 * options.minutes
    if seconds is not None and not seconds > 0:
        raise TlguiError(
            f"Expected minutes above 0, but found {options.minutes}: how long it may "
            "take."
        )
    if options.resume and file.exists():
        state = read_search(file)
        data = str(options.data.absolute())
        if data != state.spec.base.data:
            raise TlguiError(
                f"Expected the photos of the search, {state.spec.base.data}, but found "
                f"{data}. Search on other photos in another folder."
            )
        spec = dataclasses.replace(
            state.spec,
            trials=options.trials or state.spec.trials,
            seconds=state.spec.seconds if seconds is None else seconds,
        )
        spec.check()
        return dataclasses.replace(state, spec=spec)
    base = spec_of(options)
    base.check()
    trials = USUAL_TRIALS if options.trials is None else options.trials
    ranges = parse_ranges(options.search, base)
    spec = SearchSpec(base, ranges, trials, seconds or 0.0, base.seed)
    return begin_search(file, spec)


class _Output:
    """One line a trial; or one JSON event a line."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._bar: ProgressBar | None = None
        self._trials: list[Trial] = []
        self._noticed: set[str] = set()
        self._total = 0

    def __enter__(self) -> "_Output":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def show(self, event: Event) -> None:
        """Shows an event of the search or of its runs."""
        if self._as_json:
            if not isinstance(event, BatchEnded):
                print(json.dumps(event.to_json(), ensure_ascii=False), flush=True)
            return
        match event:
            case SearchBegan() | TrialBegan() | TrialEnded():
                self._show_search(event)
            case RunStarted() if not self._trials:
                self._say(
                    f"{len(event.class_names)} classes, {event.train_samples} training "
                    f"and {event.validation_samples} validation photos"
                )
            case ProgressMade(stage, done, total):
                self._progress(stage.capitalize(), done, total)
            case BatchEnded():
                what = f"Trial {len(self._trials) + 1}, epoch {event.epoch}"
                self._progress(what, event.step, event.steps)
            case Noticed(sentence) if sentence not in self._noticed:
                self._noticed.add(sentence)
                self._say(f"Note: {sentence}")

    def _show_search(self, event: SearchBegan | TrialBegan | TrialEnded) -> None:
        match event:
            case SearchBegan(_, state):
                self._trials = [*state.trials]
                if state.trials:
                    self._say(f"Going on after {len(state.trials)} trials")
            case TrialBegan(_, total, _):
                self._total = total
            case TrialEnded(trial):
                self._trials.append(trial)
                self._say(self._line(trial))

    def _line(self, trial: Trial) -> str:
        start = f"trial {trial.number}/{self._total}  {in_words(trial.values)}  "
        if trial.outcome is TrialOutcome.FAILED:
            return f"{start}failed: {trial.trouble}"
        kept = [one for one in self._trials if one.has_model]
        best = max(kept, key=lambda one: one.rank, default=None)
        so_far = (
            "" if best is None else f"  best {best.accuracy:.4f} (trial {best.number})"
        )
        return (
            f"{start}val_accuracy {trial.accuracy:.4f}  val_loss {trial.loss:.4f}  "
            f"{trial.seconds:.1f} s{_ENDINGS[trial.outcome]}{so_far}"
        )

    def _progress(self, what: str, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = ProgressBar(what)
        self._bar.show(done, total)
        if done >= total:
            self._close()

    def _say(self, text: str) -> None:
        self._close()
        print(text, flush=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def _dashed(names: tuple[str, ...], between: str = ",") -> str:
    return between.join(name.replace("_", "-") for name in names)
