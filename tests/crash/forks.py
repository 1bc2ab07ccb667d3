"""Does something in a fork of this process and hears what it tells."""

import os
import sys
import traceback
from collections.abc import Callable

Told = Callable[[str], None]
BUG = 5


def in_fork(work: Callable[[Told], int | None]) -> tuple[int, list[str]]:
    """Does some work in a fork.

    Args:
        work: gets what tells a line of text, also right before it dies; answers the
            exit code.

    Returns:
        The exit code, negative for a signal, and what was told.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os._exit(_do(work, writing))
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as lines:
        told = [line.rstrip("\n") for line in lines]
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == BUG:
        raise RuntimeError("the work in the fork failed; see its traceback")
    return code, told


def _do(work: Callable[[Told], int | None], writing: int) -> int:
    def tell(text: str) -> None:
        os.write(writing, f"{text}\n".encode())

    try:
        return work(tell) or 0
    except BaseException:  # noqa: BLE001 - told with its exit code
        sys.stderr.write(traceback.format_exc())
        sys.stderr.flush()
        return BUG
