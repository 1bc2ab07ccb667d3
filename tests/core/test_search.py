"""A search: what can be searched, what comes of trials, and the file it is kept in."""

import dataclasses
import json
from pathlib import Path

import pytest

from tlgui.core.errors import TlguiError
from tlgui.core.search import (
    Begun,
    SearchSpec,
    SearchState,
    Trial,
    TrialOutcome,
)
from tlgui.core.search_file import (
    SearchLock,
    begin_search,
    last_search,
    read_search,
    run_name,
    search_file,
    write_search,
)
from tlgui.core.search_space import (
    SETTINGS,
    USUAL,
    Choices,
    Span,
    Value,
    Values,
    applied,
    in_words,
    parse_ranges,
    searchable,
    usual_range,
    value_of,
)
from tlgui.core.spec import TrainingSpec

BASE = TrainingSpec(data="/photos")


def a_search(
    *names: str, base: TrainingSpec = BASE, trials: int = 20, seconds: float = 0.0
) -> SearchSpec:
    ranges = tuple((name, usual_range(name, base)) for name in names or USUAL)
    return SearchSpec(base, ranges, trials, seconds)


def a_trial(
    number: int,
    right: int = 140,
    loss: float = 0.2,
    outcome: TrialOutcome = TrialOutcome.FINISHED,
    values: Values | None = None,
    seconds: float = 1.0,
) -> Trial:
    values = {"learning_rate": 0.003, "head_decay": 0.0, "blocks": 0} | dict(
        values or {}
    )
    return Trial(
        *(number, values, outcome, f"trial {number}", right, 153, loss, seconds),
        course=(-0.4, -0.2),
    )


def test_every_setting_has_a_range_that_a_training_would_take() -> None:
    a_search(*searchable()).check()
    assert set(USUAL) <= set(searchable()) <= set(SETTINGS)


def test_the_present_value_belongs_to_the_search() -> None:
    base = dataclasses.replace(BASE, learning_rate=0.5, batch_size=24, head_decay=5.0)
    spec = a_search("learning_rate", "batch_size", "head_decay", base=base)
    spec.check()
    assert dict(spec.ranges)["learning_rate"] == Span(1e-4, 0.5)
    assert dict(spec.ranges)["batch_size"] == Choices((8, 16, 24, 32, 64))
    assert spec.first == {"learning_rate": 0.5, "batch_size": 24, "head_decay": 5.0}


def test_values_make_a_spec() -> None:
    changed = applied(BASE, {"blocks": 2, "learning_rate": 0.01})
    assert len(changed.trainable) == 2
    assert changed.learning_rate == 0.01
    assert value_of(changed, "blocks") == 2
    every = applied(BASE, {"blocks": 99})
    assert len(every.trainable) == 18


def test_what_means_nothing_for_a_head_alone_makes_no_difference() -> None:
    other: dict[str, Value] = {"blocks": 0, "strategy": "gradual", "l2_sp": 0.1}
    assert applied(BASE, other) == BASE
    assert applied(BASE, {**other, "blocks": 1}).strategy == "gradual"


def test_another_model_keeps_the_choice_of_blocks() -> None:
    tuned = applied(BASE, {"blocks": 2})
    other = applied(tuned, {"backbone": "efficientnet-lite1"})
    other.check()
    assert len(other.trainable) == 2


def test_the_command_line_says_what_is_searched() -> None:
    text = "learning-rate=0.001..0.1, blocks=0..2,optimizer=adam/sgd,batch-size=16/32"
    found = dict(parse_ranges(text, BASE))
    assert found == {
        "learning_rate": Span(0.001, 0.1),
        "blocks": Choices((0, 1, 2)),
        "optimizer": Choices(("adam", "sgd"), is_ordered=False),
        "batch_size": Choices((16, 32)),
    }
    assert dict(parse_ranges("mixup=0.1..0.4", BASE))["mixup"] == Choices(
        (0.0, 0.1, 0.2, 0.4)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour", "Expected settings out of learning-rate"),
        ("learning-rate=fast", "LOW..HIGH or VALUE/VALUE as the values of learning"),
        ("blocks=few/many", "values of blocks that change"),
    ],
)
def test_what_cannot_be_searched_gets_a_sentence(text: str, words: str) -> None:
    with pytest.raises(TlguiError, match=words):
        parse_ranges(text, BASE)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (SearchSpec(BASE, ()), "at least one setting"),
        (a_search(trials=0), "from 1 to 1000 trials"),
        (a_search(seconds=-1.0), "seconds for a search"),
        (SearchSpec(BASE, parse_ranges("optimizer=adam", BASE)), "at least two"),
        (SearchSpec(BASE, parse_ranges("optimizer=adamm", BASE)), "as the optimizer"),
        (SearchSpec(BASE, (("colour", Choices((1, 2))),)), "found “colour”"),
        (SearchSpec(BASE, (("epochs", Choices((5, 6))),)), "the present one among"),
        (
            a_search("backbone", base=dataclasses.replace(BASE, start="/runs/one")),
            "starts from a model of one's own",
        ),
    ],
)
def test_a_search_that_makes_no_sense_gets_a_sentence(
    spec: SearchSpec, words: str
) -> None:
    with pytest.raises(TlguiError, match=words):
        spec.check()


def test_the_best_is_the_most_accurate_and_of_equals_the_surest() -> None:
    trials = (
        a_trial(1, 146, 0.3),
        a_trial(2, 150, 0.1, TrialOutcome.PRUNED),
        a_trial(3, 147, 0.4),
        a_trial(4, 147, 0.2, values={"blocks": 2}),
        a_trial(5, 147, 0.2),
    )
    state = SearchState(a_search(), trials, 9.0)
    assert state.best == trials[3]
    assert len(state.winning_spec().trainable) == 2
    said = " ".join(state.sentences())
    assert "5 trials in 9 s: 4 to their end, 1 ended early because" in said
    assert "trial 4 (learning rate 0.003, L2 on the head 0, the last 2 blocks)" in said
    assert "147 of 153 right (96.1 %, very likely between 91.7 % and 98.2 %)" in said
    assert "146 of 153 right, 1 fewer. With so few" in said
    assert "a little flattering" in said


def test_what_was_as_good_before_is_said_to_be() -> None:
    alike = SearchState(a_search(), (a_trial(1, 146, 0.3), a_trial(2, 146, 0.2)))
    assert "146 of 153 right too" in alike.sentences()[2]
    clear = SearchState(a_search(), (a_trial(1, 100, 0.3), a_trial(2, 146, 0.2)))
    assert clear.sentences()[2].endswith("46 fewer.")
    nothing = SearchState(a_search())
    assert nothing.best is None
    assert nothing.winning_spec() == BASE
    assert "No trial" in nothing.sentences()[1]


def test_a_search_is_over_when_nothing_is_left() -> None:
    state = SearchState(a_search(trials=2))
    assert not state.is_over
    assert state.seconds_left is None
    state = state.with_trial(a_trial(1, seconds=3.0))
    assert state.seconds_left == 3.0
    assert state.with_trial(a_trial(2)).is_over
    assert dataclasses.replace(state, is_exhausted=True).is_over
    begun = Begun(2, a_trial(2).values)
    assert not dataclasses.replace(state, is_exhausted=True, begun=begun).is_over


def test_a_trial_that_there_is_no_time_for_is_not_begun() -> None:
    state = SearchState(a_search(seconds=10.0), (a_trial(1, seconds=3.0),), 6.0)
    assert not state.is_over
    assert state.seconds_left == 4.0
    assert dataclasses.replace(state, seconds=7.5).is_over


def test_words_of_values() -> None:
    assert in_words({"learning_rate": 0.00123, "blocks": 1}) == (
        "learning rate 0.00123, the last block"
    )
    assert in_words({"blocks": 0, "backbone": "efficientnet-lite1"}) == (
        "the head alone, EfficientNet-Lite1"
    )


def test_a_search_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "new" / "search.json"
    spec = a_search(*searchable(), seconds=60.0)
    state = begin_search(file, spec)
    assert read_search(file) == state
    assert file.parent / run_name(file, 3) == tmp_path / "new" / "trial 3"
    values = spec.first
    trial = dataclasses.replace(a_trial(1), values=values)
    failed = Trial(2, values, TrialOutcome.FAILED, trouble="Too large.")
    state = dataclasses.replace(
        state, trials=(trial, failed), seconds=5.5, begun=Begun(3, values, 4, 2)
    )
    write_search(file, state)
    assert read_search(file) == state
    with pytest.raises(TlguiError, match="Expected no search in"):
        begin_search(file, spec)


def test_the_last_search_among_the_runs_of_a_project(tmp_path: Path) -> None:
    assert last_search(tmp_path / "none") is None
    assert last_search(tmp_path) is None
    begin_search(search_file(tmp_path, "2026-05-01 09-00-00"), a_search(trials=3))
    later = search_file(tmp_path, "2026-05-02 09-00-00")
    state = begin_search(later, a_search(trials=4))
    (tmp_path / "run").mkdir()
    assert last_search(tmp_path) == (later, state)
    assert run_name(later, 2) == "2026-05-02 09-00-00 trial 2"


def written(file: Path, **changes: object) -> Path:
    state = SearchState(a_search(), (a_trial(1),))
    file.write_text(json.dumps(state.to_json() | changes))
    return file


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 2}, "newer version"),
        ({"tried": 7}, "is damaged"),
        ({"tried": [a_trial(2).to_json()]}, "not in order"),
        ({"tried": [a_trial(1).to_json() | {"run": "../x"}]}, "not the name of a run"),
        ({"tried": [a_trial(1, values={"blocks": 77}).to_json()]}, "77 is not in the"),
        ({"tried": [a_trial(1).to_json() | {"values": {}}]}, "other settings"),
        ({"ranges": {}}, "at least one setting"),
        ({"seconds": "long"}, "is damaged"),
        ({"trials": "many"}, "found many"),
        ({"begun": {"number": 2}}, "is damaged"),
    ],
)
def test_a_damaged_search_gets_a_sentence(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    file = written(tmp_path / "search.json", **changes)
    with pytest.raises(TlguiError, match=words):
        read_search(file)


def test_no_search_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TlguiError, match="Expected a search in"):
        read_search(tmp_path / "search.json")
    (tmp_path / "search.json").write_text("[1, 2]")
    with pytest.raises(TlguiError, match="Expected a search in"):
        read_search(tmp_path / "search.json")


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    file = tmp_path / "search.json"
    begin_search(file, a_search())
    for _ in range(2):
        lock = SearchLock(file)
        lock.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["search.json"]
