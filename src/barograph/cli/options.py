"""Options that several commands share, spelled and explained once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="BAROGRAPH_DATA_DIR",
        show_envvar=True,
        help="Directory of the jobs, their results and models.",
        metavar="DIR",
        show_default=".barograph in the current folder",
    ),
]
DEFAULT_DATA_DIR = Path(".barograph")

StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="BAROGRAPH_STORE",
        show_envvar=True,
        help="Keep jobs and results in PostgreSQL (postgresql://...) instead of SQLite in the data directory.",
        metavar="URL",
        show_default=False,
    ),
]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


OutputFormat = Annotated[
    Format,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table is for people; json (one array), ndjson (one object a line), csv and parquet put only results on stdout.",
    ),
]

MinScore = Annotated[
    float,
    typer.Option("--min-score", min=0, max=100, help="Leave out results with a lower score.", metavar="N", show_default=False),
]

Interim = Annotated[
    bool, typer.Option("--interim", help="Also show interim results, of buckets that are still open (run --interim).")
]

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

DetectorIndex = Annotated[
    int | None,
    typer.Option(
        "--detector",
        min=0,
        help="Only this detector: its place in the job, from 0.",
        metavar="N",
        show_default="all",
    ),
]
