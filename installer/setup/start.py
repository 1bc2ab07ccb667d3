"""What the program runs first on Windows, where it was put together without freezing.

It looks to the program as a frozen one does, since it is one in all that matters: an
executable of its own that its child processes are started with.
"""

import os
import sys
from pathlib import Path


def look_frozen(folder: Path) -> None:
    """Says where everything is.

    Args:
        folder: of this file, with modules, libraries and resources.
    """
    sys.frozen = True  # type: ignore[attr-defined]
    sys._MEIPASS = str(folder)  # type: ignore[attr-defined]
    if sys.platform == "win32":
        os.add_dll_directory(str(folder))


if __name__ == "__main__":
    look_frozen(Path(__file__).resolve().parent)
    from tlgui.__main__ import main

    sys.exit(main())
