"""Runs in the frozen program before anything of ours.

The start of a frozen program tells the system's linker to look into our folder, by a
variable that every program started from ours would inherit: a browser or a file
manager must not get our libraries. The linker has read it by now, and a child of our
own kind sets it again for itself.
"""

import os

for _name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
    _before = os.environ.pop(f"{_name}_ORIG", None)
    if _before is not None:
        os.environ[_name] = _before
    else:
        os.environ.pop(_name, None)
