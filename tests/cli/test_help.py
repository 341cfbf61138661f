"""Help is quick because nothing heavy is imported for it."""

import subprocess
import sys

import pytest

# Newer versions of typer import pydantic themselves; our own models, which take as long again, must not be built for help.
HEAVY = {"alembic", "barograph.config.job", "msgspec", "numpy", "polars", "rich.table", "sqlalchemy", "yaml", "zstandard"}
COMMANDS = ["", "demo", "run", "results", "validate", "jobs", "jobs list", "jobs show", "jobs reset", "jobs delete"]
COMMANDS += ["replay", "forget", "what-if", "overall-buckets", "expire", "snapshots", "snapshots list", "snapshots revert"]

SCRIPT = """
import atexit, sys
sys.argv = ["barograph", *{arguments!r}]
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from barograph.cli.main import main
main()
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy(command: str) -> None:
    script = SCRIPT.format(arguments=[*command.split(), "--help"])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("Usage: barograph")
    assert HEAVY & set(done.stderr.split()) == set()


def test_help_says_where_data_goes(call) -> None:
    for command in ("run", "results", "jobs list"):
        printed = " ".join(call(*command.split(), "--help").stdout.split())
        assert "BAROGRAPH_DATA_DIR" in printed
        assert ".barograph in the current folder" in printed


def test_no_arguments_show_the_help(call) -> None:
    done = call()
    assert "Commands:" in done.stdout + done.stderr


def test_version_is_that_of_the_package(call) -> None:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        wanted = version("barograph")
    except PackageNotFoundError:
        pytest.skip("runs from the source tree without being installed")
    assert call("--version").stdout == f"barograph {wanted}\n"
