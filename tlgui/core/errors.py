"""The user's trouble, apart from our bugs."""


class TlguiError(Exception):
    """Something the person at the screen can mend.

    Its text is one or two whole sentences: what was expected, what was found
    (which file), and what to do. Every other exception is a bug of ours.
    """
