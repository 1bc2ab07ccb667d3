"""What optuna proposes for a search, and which trials it holds for behind."""

import subprocess
import sys

from tlgui.core.search import SearchSpec, SearchState, Trial, TrialOutcome
from tlgui.core.search_space import Choices, Span, Values, applied
from tlgui.core.spec import TrainingSpec
from tlgui.ml.proposals import FEWEST_COMPARED, Judge, propose

BASE = TrainingSpec(data="/photos", epochs=3)
RANGES = (
    ("learning_rate", Span(1e-4, 1e-1)),
    ("blocks", Choices((0, 1, 2, 4))),
    ("optimizer", Choices(("adam", "sgd"), is_ordered=False)),
)


def right(values: Values) -> int:
    """Best at a learning rate of 0.01 with many blocks."""
    off = abs(float(values["learning_rate"]) - 0.01)
    return round(100 - 900 * off + 2 * float(values["blocks"]))


def searched(
    count: int, state: SearchState | None = None, seed: int = 0
) -> SearchState:
    """A search in which every third trial is behind, and the fifth fails."""
    state = state or SearchState(SearchSpec(BASE, RANGES, count, seed=seed))
    while len(state.trials) < count:
        values = propose(state)
        assert values is not None
        number = len(state.trials) + 1
        outcome = TrialOutcome.PRUNED if number % 3 == 0 else TrialOutcome.FINISHED
        outcome = TrialOutcome.FAILED if number == 5 else outcome
        course = (-1.0, -0.5) if outcome is not TrialOutcome.FAILED else ()
        trial = Trial(number, values, outcome, "", right(values), 110, course=course)
        state = state.with_trial(trial)
    return state


def test_the_first_trial_is_as_the_settings_are() -> None:
    assert propose(searched(0)) == {
        "learning_rate": 0.003,
        "blocks": 0,
        "optimizer": "adam",
    }


def test_a_search_that_was_interrupted_proposes_what_it_would_have() -> None:
    whole = searched(14)
    for stop in (1, 4, 9, 13):
        spec = whole.spec
        rebuilt = SearchState(spec, whole.trials[:stop])
        assert searched(14, rebuilt) == whole


def test_another_seed_tries_something_else() -> None:
    assert searched(4, seed=1).trials[1:] != searched(4).trials[1:]


def test_it_learns_which_values_are_good() -> None:
    state = searched(40)
    early = [trial.right for trial in state.trials[1:11]]
    late = [trial.right for trial in state.trials[-10:]]
    assert sum(late) / 10 > sum(early) / 10 + 5
    best = state.best
    assert best is not None
    assert best.values["blocks"] == 4


def test_every_value_is_in_its_range_and_can_be_typed() -> None:
    for trial in searched(20).trials:
        rate = float(trial.values["learning_rate"])
        assert 1e-4 <= rate <= 1e-1
        assert rate == float(f"{rate:.3g}")
        for name, values in RANGES[1:]:
            assert values.holds(trial.values[name])


def test_nothing_is_tried_twice_and_a_small_search_comes_to_an_end() -> None:
    ranges = (
        ("blocks", Choices((0, 1))),
        ("strategy", Choices(("lp-ft", "direct", "gradual"), is_ordered=False)),
    )
    state = SearchState(SearchSpec(BASE, ranges, 20))
    while (values := propose(state)) is not None:
        number = len(state.trials) + 1
        state = state.with_trial(Trial(number, values, TrialOutcome.FINISHED))
    specs = {applied(BASE, trial.values) for trial in state.trials}
    # With the head alone all strategies are the same.
    assert len(specs) == len(state.trials) == 4


def test_a_trial_is_behind_if_it_is_worse_than_half_of_the_others() -> None:
    spec = SearchSpec(BASE, RANGES)
    state = SearchState(spec)
    for number, loss in enumerate((0.1, 0.2, 0.3, 0.4), 1):
        values = {**spec.first, "learning_rate": number / 1_000}
        course = (-1.0, -loss, -loss)
        finished = TrialOutcome.FINISHED
        assert not Judge(state).is_behind((-9.0, -9.0))
        state = state.with_trial(Trial(number, values, finished, course=course))
    assert len(state.trials) == FEWEST_COMPARED
    judge = Judge(state)
    assert not judge.is_behind((-9.0,)), "the head has its time"
    assert judge.is_behind((-9.0, -0.3))
    assert not judge.is_behind((-9.0, -0.2))
    assert not judge.is_behind((-9.0, -0.2, -0.9)), "its best epoch counts"


def test_optuna_is_loaded_only_for_a_search_and_without_a_database() -> None:
    code = (
        "import sys\n"
        "import tlgui.ml.search, tlgui.ml.training, tlgui.worker.engine, tlgui.cli\n"
        "assert 'optuna' not in sys.modules\n"
        "left_out = ('sqlalchemy', 'alembic', 'mako', 'yaml', 'scipy', 'pandas')\n"
        "sys.modules |= dict.fromkeys(left_out)\n"
        "from tests.ml.test_proposals import searched\n"
        "print(len(searched(12).trials))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "12", done.stderr
