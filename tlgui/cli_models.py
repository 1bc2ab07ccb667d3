"""`tlgui models` and `tlgui rank`: which backbones there are, and which one suits."""

import argparse
import json
import sys
from pathlib import Path

from tlgui import cli_output, cli_progress
from tlgui.cli_run import read_photos
from tlgui.cli_stop import StopFlag
from tlgui.core.backbone import Backbone
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.errors import TlguiError
from tlgui.core.scan import check_trainable
from tlgui.core.settings import weights_dir
from tlgui.core.starting_point import imported_models


def models(options: argparse.Namespace, stop: StopFlag) -> int:
    """Downloads or takes weights if asked to, or else lists what there is.

    Raises:
        TlguiError: there is no such backbone, or its weights cannot be had.
        Stopped: `stop` said so.
    """
    if options.download:
        _download(options.download, stop, as_json=options.json)
    if options.take:
        _take(options.take, stop, as_json=options.json)
    if not (options.download or options.take):
        _list(as_json=options.json)
    return 0


def rank(options: argparse.Namespace, stop: StopFlag) -> int:
    """Compares backbones on the person's samples.

    Raises:
        TlguiError: there is no such backbone, or the data cannot be used.
        Stopped: `stop` said so.
    """
    if options.backbones:
        wanted = [find_backbone(n.strip()) for n in options.backbones.split(",")]
        for backbone in wanted:
            _check_here(backbone)
    else:
        wanted = [one for one in CATALOGUE.values() if one.weights_path is not None]
    dataset = read_photos(options.data, stop, as_json=options.json)
    check_trainable(dataset)
    from tlgui.ml.ranking import rank_backbones

    with cli_progress.ProgressBar("Comparing", quiet=options.json) as bar:
        ranking = rank_backbones(dataset, wanted, bar.show, lambda: stop() is not None)
    if options.json:
        print(json.dumps(ranking.to_json()))
    else:
        cli_output.print_ranking(ranking)
    return 0


def _check_here(backbone: Backbone) -> None:
    if backbone.weights_path is not None:
        return
    how = f"Download them first: tlgui models --download {backbone.name}."
    if backbone.published is None:
        how = "Install Transfer Learning Studio again."
    raise TlguiError(f"The weights of {backbone.name} are not on this computer. {how}")


def _list(*, as_json: bool) -> None:
    imported, problems = imported_models()
    if as_json:
        listed = [cli_output.backbone_to_json(b) for b in CATALOGUE.values()]
        starts = [cli_output.start_to_json(point) for point in imported]
        print(json.dumps([*listed, *starts], ensure_ascii=False))
    else:
        cli_output.print_models(list(CATALOGUE.values()))
        cli_output.print_imported(imported)
    for problem in problems:
        print(problem, file=sys.stderr)


def _download(name: str, stop: StopFlag, *, as_json: bool) -> None:
    from tlgui.ml.fetching import thinned
    from tlgui.ml.weights_store import WeightsStore

    backbone = find_backbone(name)
    if backbone.published is not None:
        what = f"Downloading {backbone.title}"
        unit = cli_progress.BYTES
        with cli_progress.ProgressBar(what, quiet=as_json, unit=unit) as bar:
            WeightsStore(weights_dir()).fetch(
                backbone.published,
                thinned(
                    lambda done, total: bar.show(
                        done, total or backbone.size_to_download
                    )
                ),
                lambda: stop() is not None,
            )
    _check_here(backbone)
    _say(f"The weights of {backbone.name} are on this computer.", as_json=as_json)


def _take(folder: Path, stop: StopFlag, *, as_json: bool) -> None:
    from tlgui.ml.weights_store import WeightsStore

    known = [one.published for one in CATALOGUE.values() if one.published]
    found = WeightsStore(weights_dir()).bring(folder, known, lambda: stop() is not None)
    for sentence in found.refused:
        print(sentence, file=sys.stderr)
    if not found.taken:
        raise TlguiError(
            f"Nothing was taken from {folder}: expected files of the names under "
            "which weights are published, such as "
            f"{known[0].name}, that are not here yet."
        )
    _say(f"Taken: {', '.join(found.taken)}", as_json=as_json)


def _say(text: str, *, as_json: bool) -> None:
    print(json.dumps({"event": "weights", "sentence": text}) if as_json else text)
