"""What an automatic training tries, and what it says."""

import dataclasses

import pytest

from tlgui.core.automatic import Attempt, Tried, Verdict, next_attempt, plan_attempts
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.ranking import BackboneScore, ranked
from tlgui.core.spec import TrainingSpec


def tried(words: str, right: int, loss: float, total: int = 153) -> Tried:
    return Tried(words, words, f"/runs/{words}", right, total, loss, 12.0)


def verdict(*attempts: Tried, left_out: tuple[str, ...] = ()) -> Verdict:
    return Verdict(attempts, 60.0, None, {"head_decay": 0.01}, left_out)


@pytest.mark.parametrize("name", CATALOGUE)
def test_attempts_let_more_and_more_change(name: str) -> None:
    spec = TrainingSpec(data="x", backbone=name, head_decay=0.01)
    attempts = plan_attempts(spec)
    blocks = [block.name for block in find_backbone(name).blocks]
    counts = [len(attempt.spec.trainable) for attempt in attempts]
    assert counts[:2] == [0, 0]
    assert counts[1:] == sorted(set(counts))
    assert [one.spec.augmentation for one in attempts[:2]] == ["none", "light"]
    plain = plan_attempts(dataclasses.replace(spec, augmentation="none"))
    assert [len(one.spec.trainable) for one in plain] == counts[1:]
    for attempt in attempts:
        attempt.spec.check()
        assert attempt.spec.head_decay == 0.01
        changed = attempt.spec.trainable
        assert list(changed) == blocks[len(blocks) - len(changed) :]
    assert len({attempt.key for attempt in attempts}) == len(attempts)


def test_the_most_accurate_wins_and_then_the_surest() -> None:
    head, two = tried("the head alone", 146, 0.14), tried("the last 2 blocks", 146, 0.1)
    assert verdict(head, two).winner is two
    assert verdict(head, tried("half", 145, 0.05)).winner is head


def test_what_won_is_said_with_intervals() -> None:
    head, two = tried("the head alone", 146, 0.14), tried("the last 2 blocks", 147, 0.1)
    said = verdict(head, two, left_out=("half of it",)).sentences()
    assert said[0] == (
        "The head alone: 146 of 153 right (95.4 %, very likely between 90.9 % and "
        "97.8 %), in 12 s."
    )
    assert "1 more right than the head alone" in said[2]
    assert "may be chance" in said[2]
    assert "a little flattering" in said[3]
    assert said[4] == "There was no time to try: half of it."


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (tried("b", 100, 0.1), "Letting more change brought nothing here."),
        (tried("b", 120, 0.1), "As many are right as with a"),
        (tried("b", 150, 0.1), "30 more right than a."),
    ],
)
def test_the_reason_fits_what_happened(second: Tried, expected: str) -> None:
    said = verdict(tried("a", 120, 0.2), second).sentences()
    assert expected in said[2]


def test_backbones_that_were_compared_are_named() -> None:
    scores = [
        BackboneScore("efficientnet-lite0", 0.95, -0.2, 0.751, 9.0, 200),
        BackboneScore("efficientnet-lite2", 0.96, -0.1, 0.776, 21.0, 200),
    ]
    found = Verdict((tried("a", 1, 0.1, 2),), 1.0, ranked(scores), {})
    assert found.sentences()[0] == (
        "EfficientNet-Lite2 seemed to suit these photos best (k-NN 96.0 %; "
        "EfficientNet-Lite0 95.0 %)."
    )
    assert found.to_json()["winner"] == "/runs/a"


def test_where_time_is_short_the_most_that_fits_is_tried() -> None:
    waiting = plan_attempts(TrainingSpec(data="x", augmentation="none"))[1:]
    seconds = dict(zip((one.key for one in waiting), (30.0, 60.0, 200.0), strict=True))

    def chosen(left: float) -> Attempt | None:
        return next_attempt(waiting, lambda one: seconds[one.key], left)

    assert chosen(1_000.0) is waiting[0]
    assert chosen(289.0) is waiting[2]
    assert chosen(100.0) is waiting[1]
    assert chosen(50.0) is waiting[0]
    assert chosen(10.0) is None
    assert next_attempt((), lambda one: 0.0, 10.0) is None


def test_where_varying_takes_too_long_photos_stay_as_they_are() -> None:
    waiting = plan_attempts(TrainingSpec(data="x"))[1:]

    def takes(attempt: Attempt) -> float:
        looks = 50.0 if attempt.spec.augmentation == "light" else 5.0
        return looks + 10.0 * len(attempt.spec.trainable)

    half = next_attempt(waiting, takes, 96.0)
    assert half is not None
    assert half.key == waiting[-1].key
    assert half.spec.augmentation == "none"
    assert half.words.endswith("photos unvaried")
    assert next_attempt(waiting, takes, 141.0) is waiting[-1]
    assert next_attempt(waiting[:1], takes, 45.0) is None, "that was tried"
