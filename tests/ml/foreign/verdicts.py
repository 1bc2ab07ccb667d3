"""Lets the gate judge files, in a process that may use 1 GB of memory.

Run as `python -m tests.ml.foreign.verdicts`: reads names and files from standard
input, and prints one JSON line each: the name, the refusal or null, and the seconds.
Its children get the same limit from it, whatever they set themselves.
"""

import json
import resource
import sys
import time
from pathlib import Path

from tlgui.ml.foreign.gate import open_foreign
from tlgui.ml.foreign.refusal import RefusedFileError

_GIGABYTE = 2**30


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_GIGABYTE, _GIGABYTE))
    for line in sys.stdin:
        name, file = json.loads(line)
        start, refusal = time.monotonic(), None
        try:
            open_foreign(Path(file))
        except RefusedFileError as error:
            refusal = str(error)
        seconds = time.monotonic() - start
        sys.stdout.write(json.dumps([name, refusal, seconds]) + "\n")
    heavy = [name for name in ("keras", "tensorflow") if name in sys.modules]
    sys.stdout.write(json.dumps(["imported", heavy, 0]) + "\n")


if __name__ == "__main__":
    main()
