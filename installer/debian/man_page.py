"""The manual page, made from the command line itself so that the two agree.

    python -m installer.debian.man_page FILE

Run by the build, with the program's packages installed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from installer import product

_HEAD = """\
.TH {upper} 1 "{date}" "{name} {version}" "User Commands"
.SH NAME
{command} \\- {summary}
.SH SYNOPSIS
.B {command}
[\\fIPROJECT\\fR or \\fIFOLDER\\fR]
.br
.B {command}
\\fICOMMAND\\fR [\\fIARGUMENT\\fR ...]
.SH DESCRIPTION
Without a command it opens the window, with a project, a folder of photos or a run, or
with what was open last.
{description}
.SH COMMANDS
"""
_TAIL = """\
.SH EXIT STATUS
0: done. 2: something you can mend, told in one sentence. 130: stopped.
.SH FILES
.TP
.I ~/.config/tlgui
the remembered choices
.TP
.I ~/.cache/tlgui
what can be computed again
.TP
.I ~/Documents/Transfer Learning Studio
projects, unless told otherwise
"""


def man_page(parser: argparse.ArgumentParser) -> str:
    """The whole page.

    Args:
        parser: the command line, with its commands as sub-parsers.
    """
    head = _HEAD.format(
        upper=product.COMMAND.upper(),
        date=time.strftime("%Y-%m-%d", time.gmtime(product.source_date())),
        name=product.NAME,
        version=product.version(),
        command=product.COMMAND,
        summary=_escaped(product.SUMMARY[0].lower() + product.SUMMARY[1:]),
        description=".PP\n" + "\n.PP\n".join(map(_escaped, product.DESCRIPTION)),
    )
    commands = (_command(name, made) for name, made in _commands(parser))
    return head + "".join(commands) + _TAIL


def _commands(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _command(name: str, parser: argparse.ArgumentParser) -> str:
    names = " ".join(
        f"\\fI{_escaped(str(action.metavar or action.dest))}\\fR"
        for action in parser._actions
        if not action.option_strings
    )
    lines = [f".SS {_escaped(name)} {names}".rstrip(), _sentence(parser.description)]
    for action in parser._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            lines += _option(action)
    return "\n".join(lines) + "\n"


def _option(action: argparse.Action) -> list[str]:
    takes_value = action.nargs != 0
    value = action.metavar or action.dest.upper()
    told = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in action.option_strings)
    if takes_value:
        told += f" \\fI{_escaped(str(value))}\\fR"
    given = _sentence((action.help or "").replace("%(default)s", str(action.default)))
    shown = action.default if takes_value else None
    usual = f" (usually {_escaped(str(shown))})" if shown not in (None, "") else ""
    return [".TP", told, (given + usual).strip() or "\\&"]


def _sentence(text: str | None) -> str:
    return _escaped(text or "")


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def main() -> None:
    from tlgui import cli

    Path(sys.argv[1]).write_text(man_page(cli.build_parser()), encoding="utf-8")


if __name__ == "__main__":
    main()
