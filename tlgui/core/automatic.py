"""What is tried when a person leaves the choice to the program, and what won."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tlgui.core.catalogue import find_backbone
from tlgui.core.metrics import wilson_interval
from tlgui.core.ranking import Ranking
from tlgui.core.spec import TrainingSpec

# What a person may grant, in seconds.
GRANTS: Mapping[str, int] = MappingProxyType(
    {"1 minute": 60, "10 minutes": 600, "over lunch": 2_700}
)
AUTOMATIC_VERSION = 1


@dataclass(frozen=True)
class Attempt:
    """A recipe that is tried.

    Attributes:
        key: names it, and its run.
        words: what changes in it, as a part of a sentence.
        spec: the recipe.
    """

    key: str
    words: str
    spec: TrainingSpec


@dataclass(frozen=True)
class Tried:
    """What came of an attempt.

    Attributes:
        key: of the attempt.
        words: of the attempt.
        run: the run folder.
        right: validation samples that were named right.
        total: validation samples.
        loss: on them.
        seconds: that it took.
    """

    key: str
    words: str
    run: str
    right: int
    total: int
    loss: float
    seconds: float

    @property
    def accuracy(self) -> float:
        """Share of the validation samples that were named right, 0..1."""
        return self.right / max(self.total, 1)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of `accuracy`."""
        return wilson_interval(self.right, self.total)


@dataclass(frozen=True)
class Verdict:
    """The end of an automatic training.

    Attributes:
        tried: in the order in which they were.
        seconds: in all.
        ranking: of the backbones that were compared; None if one was given.
        settings: of the head that a search has found: `learning_rate`, `head_decay`.
        left_out: words of attempts that there was no time for.
    """

    tried: tuple[Tried, ...]
    seconds: float
    ranking: Ranking | None
    settings: Mapping[str, float]
    left_out: tuple[str, ...] = ()

    @property
    def winner(self) -> Tried:
        """The most accurate; of those that are alike, the one with the lowest loss."""
        return max(self.tried, key=lambda one: (one.right, -one.loss))

    def sentences(self) -> tuple[str, ...]:
        """What was tried, what won and by how much, in plain words."""
        said = []
        if self.ranking is not None and len(self.ranking.scores) > 1:
            best = self.ranking.best
            others = ", ".join(
                f"{find_backbone(score.name).title} {_percent(score.knn)}"
                for score in self.ranking.scores[1:]
            )
            said.append(
                f"{find_backbone(best.name).title} seemed to suit these photos best "
                f"(k-NN {_percent(best.knn)}; {others})."
            )
        for one in self.tried:
            low, high = one.interval
            said.append(
                f"{one.words[:1].upper()}{one.words[1:]}: {one.right} of {one.total} "
                f"right ({_percent(one.accuracy)}, very likely between "
                f"{_percent(low)} and {_percent(high)}), in {one.seconds:.0f} s."
            )
        said.append(self._won())
        if len(self.tried) > 1:
            said.append(
                "The attempts were compared on the validation photos, so that the "
                "winner's share is a little flattering; photos that nobody has used "
                "yet tell the truth."
            )
        if self.left_out:
            said.append(f"There was no time to try: {', '.join(self.left_out)}.")
        return tuple(said)

    def _won(self) -> str:
        winner, first = self.winner, self.tried[0]
        if winner is first:
            if len(self.tried) == 1:
                return f"Kept: {winner.words}."
            return f"Kept: {winner.words}. Letting more change brought nothing here."
        more = winner.right - first.right
        if more == 0:
            return (
                f"Kept: {winner.words}. As many are right as with {first.words}, with "
                "more certainty in the answers (a lower loss)."
            )
        if winner.interval[0] > first.accuracy:
            return f"Kept: {winner.words}, {more} more right than {first.words}."
        return (
            f"Kept: {winner.words}, {more} more right than {first.words}. With so few "
            "validation photos the difference may be chance."
        )

    def to_json(self) -> dict[str, Any]:
        """The content of `automatic.json`."""
        return {
            "version": AUTOMATIC_VERSION,
            "winner": self.winner.run,
            "tried": [
                {**dataclasses.asdict(one), "interval": list(one.interval)}
                for one in self.tried
            ],
            "seconds": self.seconds,
            "ranking": None if self.ranking is None else self.ranking.to_json(),
            "settings": dict(self.settings),
            "left_out": list(self.left_out),
            "sentences": list(self.sentences()),
        }


def plan_attempts(spec: TrainingSpec) -> tuple[Attempt, ...]:
    """What is tried, the cheapest first.

    Args:
        spec: with the backbone that was chosen and the head's settings.
    """
    names = [block.name for block in find_backbone(spec.backbone).blocks]
    plain = dataclasses.replace(spec, trainable=(), augmentation="none")
    attempts = [Attempt("head", "the head alone", plain)]
    if spec.augmentation != "none":
        varied = dataclasses.replace(spec, trainable=())
        words = "the head alone, on varied photos"
        attempts.append(Attempt("head-varied", words, varied))
    for share, strategy in ((0.1, "lp-ft"), (0.25, "discriminative"), (0.5, "lp-ft")):
        count = max(1, round(share * len(names)))
        blocks = tuple(names[-count:])
        if len(blocks) == len(attempts[-1].spec.trainable):
            continue
        how = ", lower ones slower" if strategy == "discriminative" else ""
        which = "the last block" if count == 1 else f"the last {count} blocks"
        tuned = dataclasses.replace(spec, trainable=blocks, strategy=strategy)
        attempts.append(
            Attempt(f"last-{count}", f"the head and then {which}{how}", tuned)
        )
    return tuple(attempts)


def next_attempt(
    waiting: Sequence[Attempt], takes: Callable[[Attempt], float], left: float
) -> Attempt | None:
    """What is tried next: the cheapest, or where time is short, the most that fits.

    Where varying the photos takes too long, they are left as they are.

    Args:
        waiting: attempts that were not tried yet, the cheapest first.
        takes: gives the seconds that an attempt is likely to take.
        left: seconds of the time that was granted.

    Returns:
        One of them, the same with unvaried photos, or None if nothing would be done.
    """
    if waiting and sum(map(takes, waiting)) < left:
        return waiting[0]
    for attempt in reversed(waiting):
        for one in (attempt, *_unvaried(attempt)):
            if takes(one) < left:
                return one
    return None


def _unvaried(attempt: Attempt) -> tuple[Attempt, ...]:
    """The same on photos as they are; nothing if they are, or only the head learns."""
    spec = attempt.spec
    if spec.augmentation == "none" or not spec.trainable:
        return ()
    plain = dataclasses.replace(spec, augmentation="none")
    return (Attempt(attempt.key, f"{attempt.words}, photos unvaried", plain),)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
