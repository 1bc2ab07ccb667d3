"""`tlgui find-rate`: which learning rate suits a training."""

import argparse
import json

from tlgui import cli_output, cli_progress
from tlgui.cli_stop import StopFlag
from tlgui.cli_training import spec_of
from tlgui.core.events import Event


def find_rate(options: argparse.Namespace, stop: StopFlag) -> int:
    """Tests learning rates with what the training would begin with.

    Raises:
        TlguiError: the data or an option does not do.
        Stopped: `stop` said so.
    """
    spec = spec_of(options)
    spec.check()
    from tlgui.ml.rate_finder import find_rate as test

    with cli_progress.TrainingOutput(as_json=False) as output:

        def emit(event: Event) -> None:
            if not options.json:
                output.show(event)

        curve = test(spec, emit, stop)
    if options.json:
        print(json.dumps(curve.to_json()))
    else:
        cli_output.print_rate_curve(curve)
    return 0
