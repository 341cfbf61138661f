"""`barograph validate`: is a job file right, and what would it do?"""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

JobFile = Annotated[Path, typer.Argument(metavar="JOB", help="The job: a JSON, YAML or TOML file.", show_default=False)]


_Data = Annotated[
    list[str] | None,
    typer.Argument(metavar="[DATA...]", help="Files that it is to read: their first rows are looked at.", show_default=False),
]


def validate(job: JobFile, data: _Data = None) -> None:
    """Check a job file: all problems at once, or a sentence that says what the job does, and what of it may mislead.

    With data, their first rows are looked at as well: whether they can be used, and which settings do not suit them. Nothing
    is kept.
    """
    from barograph.config.load import load_job
    from barograph.config.support import left_out
    from barograph.jobs.drafts.advice import of_settings
    from barograph.jobs.run import look_at
    from barograph.results.labels import sentence

    loaded = load_job(job)
    typer.echo(f"ok: {sentence(loaded)}")
    for notice in (*left_out(loaded), *of_settings(loaded)):
        typer.echo(f"note: {notice}")
    if data:
        look_at(loaded, data, typer.echo)
