"""From a fresh machine with Python to the running program, in one command.

    python3 installer/from_source.py            the demonstration
    python3 installer/from_source.py run        the program
    python3 installer/from_source.py test       its tests
    python3 installer/from_source.py check      everything that is checked for a change

What follows the word goes to the program or to pytest. Everything is put into the
folder `.venv` beside this repository's README; the machine's own Python stays as it
is. This file and `supported.py` also run on Pythons that are too old for the rest,
so that these get a sentence instead of a syntax error.
"""

import sys
from pathlib import Path


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(root))
    from installer import supported

    trouble = supported.trouble_with(supported.this_machine())
    if trouble:
        print(trouble, file=sys.stderr)
        return 2
    from installer import commands

    return commands.run(root, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
