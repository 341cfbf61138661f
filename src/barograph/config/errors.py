"""The errors that Barograph raises on purpose. Each names the field, the value and what was wanted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final


class BarographError(Exception):
    """Base of every error that Barograph raises on purpose."""


class InputError(BarographError):
    """The input cannot be used at all: no such file, no time column, not a table."""


class OtherVersion(BarographError):
    """A job's models were learned by another version, which remembered other things."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id!r}: wanted models of this version; 'barograph replay {job_id}' makes them anew")


class _Missing:
    """The value of a field that is required and not there."""

    def __repr__(self) -> str:
        return "(missing)"


MISSING: Final = _Missing()


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
        where = self.path or "job"
        if self.value is MISSING:
            return f"{where} is missing: wanted {self.wanted}"
        return f"{where}={shortened(self.value)}: wanted {self.wanted}"

    def below(self, path: str) -> "Problem":
        """The same problem seen from one level up, where this document is at `path`."""
        glue = "." if self.path and not self.path.startswith("[") else ""
        return Problem(f"{path}{glue}{self.path}", self.value, self.wanted)


class ConfigError(BarographError):
    """A configuration that cannot be used, with all that is wrong with it, one line a problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shortened(value: object, limit: int = 200) -> str:
    """The `repr` of a value, cut with a visible mark when it is longer than `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
