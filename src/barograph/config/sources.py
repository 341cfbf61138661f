"""Named sources of rows, which datafeeds read by their names: files, tables of databases, remote search engines."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from barograph.config.base import Document, problems_of
from barograph.config.errors import BadRequest, ConfigError, shortened
from barograph.config.server import DEFAULT_FILE


class FileSource(Document):
    """Files, all of one format, which their extension tells."""

    files: tuple[str, ...] = Field(min_length=1, description="paths or globs of Parquet, CSV or NDJSON, also s3://")


class SqlSource(Document):
    """A table or a view of a database."""

    sql: str = Field(min_length=1, description="a SQLAlchemy URL, such as postgresql+psycopg://USER:PASSWORD@HOST/DATABASE")
    table: str = Field(min_length=1, description="a table or a view, with its schema and a dot before it where it needs one")


class SearchSource(Document):
    """Indices of a remote Elasticsearch or OpenSearch."""

    url: str = Field(pattern=r"https?://.+", description="where it is, such as https://search.example.com:9200")
    indices: str | None = Field(
        default=None, description="names of its indices, with commas and wildcards; its own name if not set"
    )
    api_key: str | None = Field(default=None, description="an API key, as Elasticsearch encodes them")
    username: str | None = None
    password: str | None = None
    ca_certificate: Path | None = Field(default=None, description="PEM file that its certificate is checked against")


Source = FileSource | SqlSource | SearchSource
_KINDS: Final[Mapping[str, type[Document]]] = {"files": FileSource, "sql": SqlSource, "url": SearchSource}


def load_sources(
    file: Path | None, environment: Mapping[str, str], *, exists: Callable[[Path], bool] = Path.exists
) -> dict[str, Source]:
    """The sources of a TOML file: a table `[sources.NAME]` for each. `$NAME` in a value is taken from the environment.

    Args:
        file: the file; None is `barograph.toml` in the current folder where there is one.
        environment: `os.environ`.
        exists: whether there is a file.

    Raises:
        ConfigError: with every problem of a source.
        BadRequest: the file cannot be read, or a variable is not set.
    """
    default = Path(DEFAULT_FILE)
    chosen = file if file is not None else default if exists(default) else None
    if chosen is None:
        return {}
    try:
        tables = tomllib.loads(chosen.read_text(encoding="utf-8")).get("sources", {})
    except (OSError, ValueError) as error:
        raise BadRequest(f"config={str(chosen)!r}: wanted a readable TOML file ({error})") from None
    if not isinstance(tables, dict):
        raise BadRequest(f"config={str(chosen)!r}: sources={shortened(tables)}: wanted tables")
    return {name: _source(name, table, environment) for name, table in tables.items()}


def _source(name: str, table: object, environment: Mapping[str, str]) -> Source:
    kinds = [key for key in _KINDS if isinstance(table, dict) and key in table]
    if len(kinds) != 1 or not isinstance(table, dict):
        raise BadRequest(f"sources.{name}={shortened(table)}: wanted a table with one of files, sql, url")
    kind = _KINDS[kinds[0]]
    try:
        made: Any = kind.model_validate({key: _filled(name, key, value, environment) for key, value in table.items()})
    except ValidationError as error:
        raise ConfigError(problem.below(f"sources.{name}") for problem in problems_of(error, kind)) from None
    source: Source = made
    return source


def _filled(name: str, key: str, value: Any, environment: Mapping[str, str]) -> Any:
    """A value that is only `$VARIABLE` is that of the environment, so that no secret needs to be in the file."""
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value[1:] not in environment:
        raise BadRequest(f"sources.{name}.{key}={value!r}: wanted a variable of the environment that is set")
    return environment[value[1:]]
