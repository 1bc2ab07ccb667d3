"""How far the engine may run ahead of the window."""

# Epochs may take milliseconds, and a thread that is sent events faster than it takes
# them comes to serve neither mouse nor keys: no more than so many wait for it, and
# when it has taken them it gets a moment for itself.
MOST_AHEAD = 64
# Seconds.
REST = 0.01


class Pace:
    """Counts what the window was told and what it has taken.

    The worker thread tells, the window's thread takes; each counts for itself, so
    that no lock is needed.

    Attributes:
        holds_back: whether the engine is made to wait, as last asked.
    """

    def __init__(self) -> None:
        self._told = 0
        self._taken = 0
        self.holds_back = False

    def tell(self) -> None:
        """One event more is on its way to the window."""
        self._told += 1

    def take(self) -> None:
        """The window has taken one."""
        self._taken += 1

    @property
    def waiting(self) -> int:
        """How many events the window has not taken yet."""
        return self._told - self._taken

    def is_ahead(self) -> bool:
        """Whether the engine has to wait for the window to take what it was told.

        Once it has to, it waits until everything was taken.
        """
        waiting = self.waiting
        self.holds_back = waiting >= MOST_AHEAD or (self.holds_back and waiting > 0)
        return self.holds_back
