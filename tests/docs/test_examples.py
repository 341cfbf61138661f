"""Every example on every page runs, and prints what the page shows.

A `python` block is run in one namespace with those before it on its page; a `text` block right after it is what it prints.
In a `console` block each line after `$` is run by a shell, and what stands below it is its output; a command may fail only
where the output shown says `error:`. A block whose fence names a file, such as ```` ```yaml job.yaml ````, is written first.
All blocks of a page share one empty folder. A block of another language is not run.

In what is shown `...` stands for anything. `.venv/bin/python tests/docs/test_examples.py` writes what is printed now.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_NAMES = (
    *("cli", "jobs", "functions", "categories", "results", "scores", "input", "python", "service", "replay", "forecast"),
    *("report", "forest", "calendars", "engine-api", "alerts"),
)
DOCS = [ROOT / "docs" / f"{name}.md" for name in _NAMES]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_VOLATILE = re.compile(r"(?<=read )(.* rows?) in [^,]+ s(?: \([^)]+\))?")
_ID = re.compile(r"\b[0-9a-f]{16}\b")

_SHIM = """#!/bin/sh
exec '{python}' -c 'import sys; sys.argv[0] = "barograph"; from barograph.cli.main import main; main()' "$@"
"""


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        language: the first word after the fence.
        name: the second word, the file that the block shows; empty for none.
        body: the text between the fences.
        span: where the body is on its page.
    """

    language: str
    name: str
    body: str
    span: tuple[int, int]


def blocks(text: str) -> list[Block]:
    """The blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(text):
        language, _, name = match["info"].partition(" ")
        found.append(Block(language, name.strip(), match["body"], match.span("body")))
    return found


def commands(body: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def matches(shown: str, printed: str) -> bool:
    """Whether output is what a page shows. White space at the ends of lines does not count."""
    pattern = ".*".join(re.escape(part) for part in trimmed(shown).split("..."))
    return re.fullmatch(pattern, trimmed(printed), re.DOTALL) is not None


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


def to_show(shown: str, printed: str) -> str:
    """What a page shows where `printed` is printed: the same as before where that is still right."""
    if not shown or matches(shown, printed):
        return shown
    return _ID.sub("...", _VOLATILE.sub(r"\1 in ... s", trimmed(printed))) + "\n"


def current(text: str, folder: Path) -> str:
    """The page as it would be if its examples were run anew."""
    edits = list(outputs(blocks(text), folder))
    for (start, end), body in reversed(edits):
        text = text[:start] + body + text[end:]
    return text


def outputs(found: list[Block], folder: Path) -> Iterator[tuple[tuple[int, int], str]]:
    """Run the examples; for each block with output, its place and what it should show."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    environment = shell(folder / "bin")
    work = folder / "work"
    work.mkdir()
    for block, following in pairwise([*found, None]):
        if block.name:
            (work / block.name).write_text(block.body)
        elif block.language == "python":
            printed = run_python(block, namespace, work)
            if following is not None and following.language == "text":
                yield following.span, to_show(following.body, printed)
        elif block.language == "console":
            ran = [(command, to_show(shown, run(command, shown, work, environment))) for command, shown in commands(block.body)]
            yield block.span, "".join(f"$ {command}\n{shown}" for command, shown in ran)


def shell(programs: Path) -> dict[str, str]:
    """An environment in which `barograph` is the one under test, on a terminal of 100 columns."""
    programs.mkdir()
    (programs / "barograph").write_text(_SHIM.format(python=sys.executable))
    (programs / "barograph").chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BAROGRAPH_")}
    path = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return {**kept, **path, "COLUMNS": "100"}


def run_python(block: Block, namespace: dict[str, Any], folder: Path) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(folder):
        exec(compile(block.body, "example", "exec"), namespace)
    return out.getvalue()


def run(command: str, shown: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode != 0) == ("error:" in shown), f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert current(text, tmp_path) == text


def test_dots_in_shown_output_stand_for_anything() -> None:
    assert matches("read ... rows\nscore  when\n", "read 10 rows\nscore  when   \n")
    assert not matches("read 11 rows", "read 10 rows")
    assert not matches("read 10 rows", "read 10 rows and more")


def test_commands_are_told_from_their_output() -> None:
    assert commands("$ a b\nout\n\n$ c\n") == [("a b", "out\n\n"), ("c", "")]


def test_what_differs_from_run_to_run_is_shown_as_dots() -> None:
    assert to_show("old", "read 1,320 rows in 0.2 s (51,000 a second), finished") == "read 1,320 rows in ... s, finished\n"
    assert to_show("old", "kept as 7d011abb0946a69f") == "kept as ...\n"


if __name__ == "__main__":
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(current(page.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
