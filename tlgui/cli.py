"""The command line: the same functions as the window, without Qt."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tlgui import __version__, cli_auto, cli_output, cli_progress, cli_search, paths
from tlgui.cli_models import models, rank
from tlgui.cli_rate import find_rate
from tlgui.cli_run import follow, most_at_once, read_photos
from tlgui.cli_stop import EXIT_STOPPED as EXIT_STOPPED
from tlgui.cli_stop import StopFlag
from tlgui.cli_training import (
    DATA_HELP,
    add_rate_test_options,
    add_training_options,
    left_out,
    spec_of,
)
from tlgui.core.catalogue import CATALOGUE, find_backbone
from tlgui.core.demo import demo_folder, demo_spec
from tlgui.core.errors import Stopped, TlguiError
from tlgui.core.events import Outcome
from tlgui.core.model_notes import PIXELS, USUAL_PIXELS, ModelNotes, class_names_in
from tlgui.core.network import is_network
from tlgui.core.run import new_run_name, open_finished_run, open_run
from tlgui.core.scan import check_trainable
from tlgui.core.spec import TrainingSpec
from tlgui.core.starting_point import find_starting_point

COMMANDS = (
    *("demo", "scan", "models", "rank", "layers", "import"),
    *("find-rate", "train", "auto", "search", "evaluate", "predict"),
)
EXIT_OK, EXIT_TROUBLE = 0, 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        text = message[0].upper() + message[1:]
        self.exit(EXIT_TROUBLE, f"{text}. See “{self.prog} --help”.\n")


def main(arguments: Sequence[str]) -> int:
    """Runs one command.

    Args:
        arguments: without the program's name.

    Returns:
        The exit code: 0 done, 2 the person's trouble, 130 stopped.
    """
    options = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, StopFlag], int] = options.run_command
    try:
        with StopFlag() as stop:
            return command(options, stop)
    except TlguiError as error:
        print(error, file=sys.stderr)
        return EXIT_TROUBLE
    except (Stopped, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        return EXIT_STOPPED
    except BrokenPipeError:  # the reader of our output has enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="tlgui",
        description="Transfer Learning Studio. Without a command it opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"tlgui {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace, StopFlag], int], summary: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run_command=run)
        if name != "demo":
            made.add_argument("--json", action="store_true", help="for programs")
        return made

    demo = command("demo", _demo, "fine-tune on a small real data set, live")
    demo.add_argument("--no-window", action="store_true", help="on the command line")
    demo.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    scanned = command("scan", _scan, "classes, counts and every problem in a folder")
    scanned.add_argument("data", type=Path, metavar="DATA", help=DATA_HELP)
    listed = command("models", models, "the pretrained backbones and imported models")
    listed.add_argument("--download", metavar="NAME", help="get its weights now")
    listed.add_argument(
        "--take", type=Path, metavar="FOLDER", help="take known weights from there"
    )
    compared = command("rank", rank, "which backbone suits a folder, without training")
    compared.add_argument("data", type=Path, metavar="DATA")
    compared.add_argument("--backbones", metavar="NAME,NAME…", help="those on disk")
    layered = command("layers", _layers, "the blocks of a backbone")
    layered.add_argument(
        "backbone", metavar="BACKBONE", help="or a run, or an imported model"
    )
    opened = command("import", _import, "open a model file of others to start from it")
    opened.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=".keras, .h5, or a keras-hub preset",
    )
    opened.add_argument("--name", default="", help="how to call it")
    opened.add_argument(
        "--pixels",
        default="",
        help=f"{', '.join(PIXELS)}: what a network of your own was trained on, where "
        f"its file does not say ({USUAL_PIXELS})",
    )
    opened.add_argument(
        "--classes",
        default="",
        metavar="NAME,NAME…",
        help="of the outputs of a network of your own, in order (0,1,2…)",
    )
    tested = command("find-rate", find_rate, "which learning rate suits a training")
    add_rate_test_options(tested)
    add_training_options(command("train", _train, "fine-tune a pretrained backbone"))
    cli_auto.add_options(command("auto", cli_auto.auto, "train without saying how"))
    cli_search.add_options(
        command("search", cli_search.search, "search for better settings")
    )
    tried = command("evaluate", _evaluate, "how good a run is on labelled data")
    tried.add_argument("run", type=Path, metavar="RUN")
    tried.add_argument("data", type=Path, metavar="DATA")
    answered = command("predict", _predict, "name the class of files or folders")
    answered.add_argument("run", type=Path, metavar="RUN")
    answered.add_argument("paths", type=Path, metavar="PATH", nargs="+")
    answered.add_argument("--csv", type=Path, metavar="FILE", help="write a table")
    return parser


def _train(options: argparse.Namespace, stop: StopFlag) -> int:
    if options.resume and options.out.exists():
        return _resume(options, stop)
    return _run_training(spec_of(options), options.out, stop, as_json=options.json)


def _resume(options: argparse.Namespace, stop: StopFlag) -> int:
    folder = options.out.absolute()
    run = open_run(folder)
    if sentence := left_out(options, run.spec):
        print(sentence, file=sys.stderr)
    if run.model_file.exists():
        if not options.json:
            print(f"The run {folder} is finished; there is nothing to go on with.")
        return EXIT_OK
    at_once = most_at_once(options.batch_size)
    from tlgui.ml.training import resume

    data = options.data.absolute()
    ended = follow(
        lambda emit: resume(folder, emit, stop, data=data, at_once=at_once),
        stop,
        as_json=options.json,
    )
    return EXIT_STOPPED if ended.outcome is Outcome.STOPPED else EXIT_OK


def _run_training(
    spec: TrainingSpec, folder: Path, stop: StopFlag, *, as_json: bool
) -> int:
    from tlgui.ml.training import train

    place = folder.absolute()
    ended = follow(lambda emit: train(spec, place, emit, stop), stop, as_json=as_json)
    return EXIT_STOPPED if ended.outcome is Outcome.STOPPED else EXIT_OK


def _demo(options: argparse.Namespace, stop: StopFlag) -> int:
    folder = demo_folder(paths.cache_dir() / "demo")
    run = new_run_name(paths.default_runs_dir(), "demo")
    if not options.json:
        print(f"Fine-tuning on handwritten digits in {folder}")
    spec = demo_spec(folder)
    return _run_training(spec, run, stop, as_json=options.json)


def _scan(options: argparse.Namespace, stop: StopFlag) -> int:
    dataset = read_photos(options.data, stop, as_json=options.json)
    if options.json:
        _print_json(cli_output.dataset_to_json(dataset))
    else:
        cli_output.print_dataset(dataset)
    check_trainable(dataset)
    return EXIT_OK


def _import(options: argparse.Namespace, stop: StopFlag) -> int:
    from tlgui.ml.importing import import_model

    file = options.file.absolute()
    notes = ModelNotes(options.pixels, class_names_in(options.classes))
    imported = import_model(file, options.name, lambda: stop() is not None, notes)
    if options.json:
        _print_json(imported.to_json())
    else:
        print(f"{imported.sentence}\nKept in {imported.folder}")
    return EXIT_OK


def _layers(options: argparse.Namespace, stop: StopFlag) -> int:
    backbone = find_backbone(_backbone_of(options.backbone))
    if options.json:
        _print_json(cli_output.blocks_to_json(backbone))
    else:
        cli_output.print_blocks(backbone)
    return EXIT_OK


def _backbone_of(wish: str) -> str:
    """The backbone of that name; or of a run, or of an imported model."""
    if wish in CATALOGUE or is_network(wish):
        return wish
    try:
        return find_starting_point(wish).backbone
    except TlguiError:
        return wish  # nothing of both: the catalogue's sentence says what there is


def _evaluate(options: argparse.Namespace, stop: StopFlag) -> int:
    run = open_finished_run(options.run)
    from tlgui.ml.evaluation import evaluate

    with cli_progress.ProgressBar("Evaluating", quiet=options.json) as bar:
        evaluation, dataset = evaluate(
            run,
            options.data,
            on_progress=bar.show,
            should_stop=lambda: stop() is not None,
        )
    if options.json:
        _print_json(evaluation.to_json())
    else:
        cli_output.print_evaluation(evaluation, len(dataset.problems))
    return EXIT_OK


def _predict(options: argparse.Namespace, stop: StopFlag) -> int:
    run = open_finished_run(options.run)
    from tlgui.ml.prediction import predict_paths

    answers = []
    for answer in predict_paths(run, options.paths):
        answers.append(answer)
        cli_output.print_prediction(answer, as_json=options.json)
        if stop() is not None:
            raise Stopped
    if options.csv is not None:
        cli_output.write_predictions(options.csv, answers, run.class_names)
    if not any(answer.class_names for answer in answers):
        raise TlguiError(
            f"None of the {len(answers)} files could be read; the first is "
            f"{answers[0].source}: {answers[0].problem}. Choose other files."
        )
    return EXIT_OK


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))
