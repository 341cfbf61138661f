"""`barograph keys`: the keys to a server."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import Annotated

import typer

from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Make, list and delete the keys to a server.")
_Role = Annotated[
    str,
    typer.Option(
        "--role",
        metavar="read|write|admin",
        help="What it allows: to ask; also to change jobs and feed them; also to change the server.",
    ),
]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.", show_default=False)],
    role: _Role = "read",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Make a key and print it. Its secret is kept as a hash only: nobody can print it again."""
    import base64

    from barograph.jobs.service import Service

    with Service.open(store, data_dir) as service:
        key, secret = service.keys.create(name, role, service.now_ms())
    encoded = base64.b64encode(f"{key.key_id}:{secret}".encode()).decode()
    typer.echo(f"id       {key.key_id}\nsecret   {secret}\nrole     {key.role}\nheader   Authorization: ApiKey {encoded}")


@app.command("list")
def list_keys(data_dir: DataDir = DEFAULT_DATA_DIR, store: StoreUrl = None) -> None:
    """List the keys, without their secrets."""
    from zoneinfo import ZoneInfo

    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.jobs.service import Service
    from barograph.results import labels

    with Service.open(store, data_dir, create=False) as service:
        keys = service.keys.all()
    if not keys:
        typer.echo("no keys")
        return
    table = tables.plain("key", "role", "made", "for")
    for key in keys:
        tables.add(table, key.key_id, key.role, labels.when(key.create_time // 1000 * 1000, ZoneInfo("UTC")), key.name)
    show(table)


@app.command("delete")
def delete(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id.", show_default=False)],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Delete a key; from then on a running server refuses it too."""
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        service.keys.delete(key_id)
