"""Backbones compared on real features."""

import json
from pathlib import Path

import pytest

from tests.conftest import save_picture
from tlgui import cli, paths
from tlgui.core.catalogue import find_backbone
from tlgui.core.dataset import Sample
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.scan import scan
from tlgui.core.task import IMAGE_CLASSIFICATION
from tlgui.ml.ranking import evenly_chosen, rank_backbones

LITE = [find_backbone(f"efficientnet-lite{index}") for index in (0, 1)]


@pytest.mark.tf
def test_backbones_are_ranked_and_their_features_kept(colours: Path) -> None:
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    progress: list[tuple[int, int]] = []
    ranking = rank_backbones(
        dataset, LITE, lambda done, total: progress.append((done, total))
    )
    assert progress[-1] == (32, 32)
    assert {score.name for score in ranking.scores} == {one.name for one in LITE}
    assert all(score.samples == 16 for score in ranking.scores)
    assert ranking.best.knn > 0.8, "red and blue are easy to tell apart"
    assert all(score.milliseconds > 0 for score in ranking.scores)
    kept = [*paths.activations_dir().rglob("*")]
    again = rank_backbones(dataset, LITE)
    assert [*paths.activations_dir().rglob("*")] == kept, "nothing is computed twice"
    assert [s.logme for s in again.scores] == [s.logme for s in ranking.scores]


@pytest.mark.tf
def test_the_command_prints_the_ranking(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["rank", str(colours), "--backbones", LITE[0].name]
    assert cli.main(command) == 0
    assert f"Best bet: {LITE[0].name}" in capsys.readouterr().out
    assert cli.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"] == LITE[0].name


def test_a_backbone_that_is_not_here_is_said(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rank", str(colours), "--backbones", "vgg-16"]) == 2
    assert "tlgui models --download vgg-16" in capsys.readouterr().err


def test_nothing_to_compare_is_said(colours: Path) -> None:
    with pytest.raises(TlguiError, match="Download one first"):
        rank_backbones(scan(colours, IMAGE_CLASSIFICATION), [])


@pytest.mark.tf
def test_a_stop_is_heeded(colours: Path) -> None:
    dataset = scan(colours, IMAGE_CLASSIFICATION)
    with pytest.raises(Stopped):
        rank_backbones(dataset, LITE[:1], should_stop=lambda: True)


@pytest.mark.tf
def test_files_that_are_gone_are_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for index in range(2):
            save_picture(tmp_path / name / f"{index}.png", (index, 60, 60), index)
    dataset = scan(tmp_path, IMAGE_CLASSIFICATION)
    for file in tmp_path.rglob("*.png"):
        file.unlink()
    with pytest.raises(TlguiError, match="None of the files can be read"):
        rank_backbones(dataset, LITE[:1])


def test_all_classes_get_their_share() -> None:
    samples = [Sample(f"{i}", 0) for i in range(90)] + [Sample("x", 1)] * 5
    chosen = evenly_chosen(samples, 20)
    assert sum(sample.label == 0 for sample in chosen) == 10
    assert sum(sample.label == 1 for sample in chosen) == 5
    assert evenly_chosen(samples, 1_000) == samples
