"""`barograph validate`: is a job file right, and what would it do?"""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

JobFile = Annotated[Path, typer.Argument(metavar="JOB", help="The job: a JSON, YAML or TOML file.", show_default=False)]


def validate(job: JobFile) -> None:
    """Check a job file: all problems at once, or a sentence that says what the job does."""
    from barograph.cli.words import sentence
    from barograph.config.load import load_job
    from barograph.config.support import left_out, refuse_unsupported

    loaded = load_job(job)
    refuse_unsupported(loaded)
    typer.echo(f"ok: {sentence(loaded)}")
    for notice in left_out(loaded):
        typer.echo(f"note: {notice}")
