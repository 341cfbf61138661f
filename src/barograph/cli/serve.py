"""`barograph serve`: the server."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

_Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="BAROGRAPH_CONFIG",
        show_envvar=True,
        metavar="FILE",
        help="TOML file with a table [server]; flags and BAROGRAPH_... variables win over it.",
        show_default="barograph.toml in the current folder, where there is one",
    ),
]
_Host = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="ADDRESS", help="Address to listen on; any but loopback demands keys.", show_default="127.0.0.1"
    ),
]
_Port = Annotated[
    int | None, typer.Option("--port", metavar="N", help="Port to listen on; 0 takes a free one.", show_default="9200")
]
_Folder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="DIR", help="Directory of the jobs, their results and models.", show_default=".barograph"
    ),
]
_Store = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="Keep jobs and results in PostgreSQL instead of SQLite.", show_default=False),
]


_Demo = Annotated[
    bool,
    typer.Option(
        "--demo",
        help="Start with a sample job, loaded and open; in a new temporary directory unless --data-dir is given.",
    ),
]


def serve(
    config: _Config = None,
    host: _Host = None,
    port: _Port = None,
    data_dir: _Folder = None,
    store: _Store = None,
    demo: _Demo = False,
) -> None:
    """Serve jobs over HTTP until Ctrl-C: a page for browsers, /api/v1 and Elasticsearch's machine-learning API for programs."""
    import os
    from tempfile import mkdtemp

    from barograph.api.serve import serve as run
    from barograph.config.channels import load_channels
    from barograph.config.server import load_server
    from barograph.config.sources import load_sources

    if demo and data_dir is None:
        data_dir = Path(mkdtemp(prefix="barograph-demo-"))
    flags = {"host": host, "port": port, "data_dir": data_dir, "store": store}
    loaded, sources = load_server(config, os.environ, flags), load_sources(config, os.environ)
    channels = load_channels(config, os.environ)
    run(loaded, lambda address: _tell(address, loaded.data_dir, demo), sources, channels, with_demo=demo)


def _tell(address: str, data_dir: Path, demo: bool) -> None:
    typer.echo(f"barograph is at {address}")
    typer.echo("open it in a browser to see its page; programs find /api/v1 and Elasticsearch's API there")
    if demo:
        typer.echo(f"its jobs are in {data_dir}; one is open, with all of its rows: {address}/explorer?job=nyc_taxi")
        typer.echo(f"its worst records: {address}/_ml/anomaly_detectors/nyc_taxi/results/records?size=5&pretty")
