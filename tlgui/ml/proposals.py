"""What a search tries next, and which trial is behind: optuna, without its memory.

A study is built anew from the finished trials whenever it is asked, with a seed for
each trial. What it says is therefore a function of the search so far, and a search that
was interrupted goes on as it would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tlgui.core.search import SearchSpec, SearchState, Trial, TrialOutcome
from tlgui.core.search_space import Choices, Range, Span, Value, applied

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

# The first ones look around; then the tree-structured Parzen estimator proposes.
LOOKING_AROUND = 8
# So many trials must have come to their end before one can be behind.
FEWEST_COMPARED = 4
# How often something new is looked for where what is proposed was tried already: by
# the estimator, then anywhere.
_ASKED, _DRAWN = 20, 2_000


def propose(state: SearchState) -> dict[str, Value] | None:
    """Values for the next trial, which no earlier trial had.

    The first trial is the base as it is. The others come from multivariate TPE
    (https://arxiv.org/abs/2304.11127), which learns which values are good from the
    order of the trials alone: most right first, of those that are alike the one with
    the lowest loss.

    Args:
        state: the search so far.

    Returns:
        By setting; None if nothing is left to try.
    """
    spec, number = state.spec, len(state.trials) + 1
    if number == 1:
        return spec.first
    tried = {applied(spec.base, trial.values) for trial in state.trials}
    for attempt in range(_ASKED):
        asked = _study(state, (spec.seed, number, attempt)).ask(distributions(spec))
        values = _values(spec, asked.params)
        if applied(spec.base, values) not in tried:
            return values
    random = np.random.default_rng((spec.seed, number))
    for _ in range(_DRAWN):
        values = {name: _draw(values, random) for name, values in spec.ranges}
        if applied(spec.base, values) not in tried:
            return values
    return None


class Judge:
    """Compares a trial with those before it while it trains, by the median rule.

    A trial is behind if its best epoch so far is worse than the median of the others
    at the same epoch; see `optuna.pruners.MedianPruner`.
    """

    def __init__(self, state: SearchState) -> None:
        """Args: state: the search before the trial."""
        from optuna.pruners import MedianPruner

        self._study = _study(state, (state.spec.seed,))
        # A head that is trained first has its time, whatever comes after it.
        waits = state.spec.base.epochs // 3 + 1
        self._pruner = MedianPruner(FEWEST_COMPARED, waits)

    def is_behind(self, course: Sequence[float]) -> bool:
        """Whether a trial is not worth going on with.

        Args:
            course: how good each of its epochs was, the larger the better.
        """
        from optuna.trial import TrialState, create_trial

        running = create_trial(
            state=TrialState.RUNNING, intermediate_values=_by_epoch(course)
        )
        return bool(self._pruner.prune(self._study, running))


def distributions(spec: SearchSpec) -> dict[str, BaseDistribution]:
    """The ranges as optuna calls them; of ordered values, the places."""
    return {name: _distribution(values) for name, values in spec.ranges}


def _distribution(values: Range) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(values, Span):
        return FloatDistribution(values.low, values.high, log=True)
    if values.is_ordered:
        return IntDistribution(0, len(values.values) - 1)
    return CategoricalDistribution(values.values)


def _params(spec: SearchSpec, values: Mapping[str, Value]) -> dict[str, Any]:
    """From values to what optuna calls them."""
    return {
        name: choices.values.index(values[name])
        if isinstance(choices, Choices) and choices.is_ordered
        else values[name]
        for name, choices in spec.ranges
    }


def _values(spec: SearchSpec, params: Mapping[str, Any]) -> dict[str, Value]:
    """Back."""
    return {name: _value_of(choices, params[name]) for name, choices in spec.ranges}


def _value_of(values: Range, param: Any) -> Value:
    if isinstance(values, Span):
        return _readable(values, float(param))
    found: Value = values.values[param] if values.is_ordered else param
    return found


def _readable(span: Span, number: float) -> float:
    """Three digits, which a person can read and type."""
    return min(max(float(f"{number:.3g}"), span.low), span.high)


def _draw(values: Range, random: np.random.Generator) -> Value:
    if isinstance(values, Choices):
        return values.values[int(random.integers(len(values.values)))]
    low, high = np.log(values.low), np.log(values.high)
    return _readable(values, float(np.exp(random.uniform(low, high))))


def _study(state: SearchState, seed: tuple[int, ...]) -> Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    whole = int(np.random.SeedSequence(seed).generate_state(1)[0])
    sampler = optuna.samplers.TPESampler(
        n_startup_trials=LOOKING_AROUND, multivariate=True, seed=whole
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials([_frozen(state.spec, trial) for trial in state.trials])
    return study


def _frozen(spec: SearchSpec, trial: Trial) -> FrozenTrial:
    from optuna.trial import TrialState, create_trial

    states = {
        TrialOutcome.FINISHED: TrialState.COMPLETE,
        TrialOutcome.CUT: TrialState.COMPLETE,
        TrialOutcome.PRUNED: TrialState.PRUNED,
        TrialOutcome.FAILED: TrialState.FAIL,
    }
    return create_trial(
        state=states[trial.outcome],
        value=_value(trial) if trial.has_model else None,
        params=_params(spec, trial.values),
        distributions=distributions(spec),
        intermediate_values=_by_epoch(trial.course),
    )


def _value(trial: Trial) -> float:
    """One number in the order of `Trial.rank`."""
    return trial.right + 1 / (1 + max(trial.loss, 0.0)) / 2


def _by_epoch(course: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(course, 1))
