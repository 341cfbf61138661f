"""How wide tables and the progress bar may be. Plain lines do not go through here: they can be commands, and are never cut."""

import os
import sys
from typing import IO, Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

_UNBOUND_WIDTH: Final = 1_000  # a pipe has no edge: nothing is folded for `grep` and `less -S`
_FOLDED: Final = 12  # columns in which folded text can still be read


def console(stream: IO[str]) -> Console:
    """A console on a stream. Text is printed as it is: no markup, no emoji, no highlighting."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else _UNBOUND_WIDTH
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def show(table: Table) -> None:
    """Print a table on stdout, without the blanks that fill up its last column.

    On a terminal that is too narrow even so, lines run over its edge: the library would leave out whole columns.
    """
    out = console(sys.stdout)
    out.width = max(out.width, _least_width(table))
    with out.capture() as held:
        out.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in held.get().splitlines()))
    sys.stdout.flush()  # here, not at exit: a pipe that is closed is then met where it is handled


def _least_width(table: Table) -> int:
    """The width below which a column of the table would be cut."""
    widths = [
        max(cell_len(str(cell)) for cell in (column.header, *column.cells)) if column.no_wrap else _FOLDED
        for column in table.columns
    ]
    return sum(widths) + 2 * len(widths)
