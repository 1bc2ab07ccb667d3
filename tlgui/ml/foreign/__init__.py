"""Opens models made by others without letting them do anything.

A file passes three doors, and Keras is at none of them. First plain Python looks
at what the file is (`kinds`), at the members of its archive (`archive`), at its
JSON (`bounded_json`) and at the classes named there (`config_check`, `allowed`).
Then a child process with limits opens the HDF5 part (`child`, `hdf5_check`) and
hands back names and plain numbers (`reader`). Last, the architecture is built
anew by constructors of ours (`rebuild`), and the numbers are put into the layers
they fit (`matching`).

Example:
    ```python
    foreign = open_foreign(path)  # or a TlguiError that says why not
    model = rebuild(foreign) if foreign.config else build_classifier(backbone, classes)
    report = match_weights(foreign.layers, model)
    report.sentence()  # "152 of 153 layers matched. …", before it is used
    assign_matched(report, model)
    ```
"""

# A frozen program has no Python to start its child with, so it starts itself with this
# argument first; `__main__` then goes to `child.main`.
CHILD_ARGUMENT = "--open-foreign-weights"
