"""What a search over settings tells, between the events of its runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tlgui.core.events import Event
from tlgui.core.search import SearchState, Trial
from tlgui.core.search_space import Value


@dataclass(frozen=True)
class SearchEvent(Event):
    """Base of what a search tells of itself."""


@dataclass(frozen=True)
class SearchBegan(SearchEvent):
    """A search over settings begins, or goes on.

    Attributes:
        file: of the search; its runs lie beside it.
        state: what it had found before.
    """

    file: str
    state: SearchState

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        return {"event": "search_began", "file": self.file, **self.state.to_json()}


@dataclass(frozen=True)
class TrialBegan(SearchEvent):
    """A search begins with another choice of values; the events of its run follow.

    Attributes:
        number: counted from 1.
        total: how many trials at most.
        values: by setting.
    """

    number: int
    total: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class TrialEnded(SearchEvent):
    """A trial is over."""

    trial: Trial

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        return {"event": "trial_ended", **self.trial.to_json()}


@dataclass(frozen=True)
class SearchEnded(SearchEvent):
    """A search is over, or ended before its end and can go on.

    Attributes:
        file: of the search.
        state: what it has found.
    """

    file: str
    state: SearchState

    def to_json(self) -> dict[str, Any]:
        """One line of `--json` output."""
        best = self.state.best
        return {
            "event": "search_ended",
            "file": self.file,
            "is_over": self.state.is_over,
            "best": None if best is None else best.to_json(),
            "interval": None if best is None else list(best.interval),
            "sentences": list(self.state.sentences()),
        }
