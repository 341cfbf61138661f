"""The errors that Barograph raises on purpose. Each names the field, the value and what was wanted.

They are told apart by what their caller does next. A shell that turns them into exit codes or HTTP statuses needs the classes
of this file only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final


class BarographError(Exception):
    """Base of every error that Barograph raises on purpose."""


class NotFound(BarographError):
    """What was named is not there: a job, a snapshot, a forecast, a store. Name another."""


class InputError(BarographError):
    """What was given cannot be used."""


class BadRequest(InputError):
    """What was asked for cannot be: a number out of its range, an unknown field, a time that has not come. Ask otherwise."""


class UnreadableInput(InputError):
    """Rows cannot be read, or not on: no such file, no time column, not a table. Mend the input; what came before is good."""


class Conflict(BarographError):
    """Somebody else is at it, or has changed it meanwhile. Wait, or look again, and ask the same."""


class StorageFailure(BarographError):
    """The database or the disk has failed, or has lost something. Nothing of what was asked is visible; mend the storage."""


class MissingExtra(BarographError):
    """A package is not installed that only some need. Install it, and ask the same."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: wanted it for this; pip install 'barograph[{extra}]'")


class Stopped(BarographError):
    """A signal ended it in the middle, at its last commit. Ask the same, and it goes on from there.

    Attributes:
        signal: its name.
    """

    def __init__(self, signal: str) -> None:
        self.signal = signal
        super().__init__(f"stopped by {signal}: what was committed is kept; the same command goes on from there")


class OtherVersion(BarographError):
    """Another version of Barograph wrote it. Make it anew, or use that version."""


class OtherModels(OtherVersion):
    """A job's models were learned by another version, which remembered other things."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id!r}: wanted models of this version; 'barograph replay {job_id}' makes them anew")


class _Missing:
    """The value of a field that is required and not there."""

    def __repr__(self) -> str:
        return "(missing)"


MISSING: Final = _Missing()


MOST_LINES: Final = 20
"""Of one error: a person reads no more, and a terminal shows no more."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a configuration.

    Attributes:
        path: where, as in `analysis_config.detectors[0].function`; empty for the whole document.
        value: what was found there; `MISSING` when nothing was.
        wanted: what would be right, to follow the word "wanted".
    """

    path: str
    value: Any
    wanted: str

    def __str__(self) -> str:
        where, wanted = _one_line(self.path or "job", 200), _one_line(self.wanted, 2_000)
        if self.value is MISSING:
            return f"{where} is missing: wanted {wanted}"
        return f"{where}={shortened(self.value)}: wanted {wanted}"

    def below(self, path: str) -> "Problem":
        """The same problem seen from one level up, where this document is at `path`."""
        glue = "." if self.path and not self.path.startswith("[") else ""
        return Problem(f"{path}{glue}{self.path}", self.value, self.wanted)


class ConfigError(BadRequest):
    """A configuration that cannot be used, with what is wrong with it, one line a problem and at most `MOST_LINES` in all.

    Attributes:
        problems: all that is wrong with it.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        lines, more = list(map(str, self.problems[:MOST_LINES])), len(self.problems) - MOST_LINES
        if more > 0:
            lines[-1] = f"and {more + 1:,} more problems"
        super().__init__("\n".join(lines))


def _one_line(text: str, limit: int) -> str:
    """A text as it is when it is one short line that can be printed, else so that it is one."""
    if not text.isprintable():
        text = text.encode("unicode_escape").decode()
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def named(names: Sequence[str], most: int = 50, longest: int = 100) -> str:
    """Names for a message: the first of them, none longer than can be read, and how many more there are."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(_one_line(name, longest) for name in names[:most]) + more


def shortened(value: object, limit: int = 200) -> str:
    """The `repr` of a value, cut with a visible mark when it is longer than `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
