"""Named sources of rows, which datafeeds read by their names: files, tables of databases, remote search engines."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr

from barograph.config.base import Document
from barograph.config.errors import Problem
from barograph.config.named_tables import document_of, named_tables
from barograph.config.secret import SECRET, HttpUrl, can_be_a_header

_SIGN: Final = r"^[\x01-\x09\x0b\x0c\x0e-\x7f]$"
"""One character of ASCII, and no line end."""


class FileSource(Document):
    """Files, all of one format, which their extension tells unless `format` does."""

    files: tuple[str, ...] = Field(min_length=1, description="paths or globs of Parquet, CSV or NDJSON, also s3://")
    format: Literal["parquet", "csv", "ndjson", "lines"] | None = Field(
        default=None, description="of files whose extension says nothing; each of `lines` is the field raw"
    )
    delimiter: str = Field(default=",", pattern=_SIGN, description="between two fields of CSV: one character of ASCII")
    quote: str = Field(default='"', pattern=_SIGN, description="around fields of CSV that have delimiters in them")


class SqlSource(Document):
    """A table or a view of a database."""

    sql: SecretStr = Field(
        min_length=1, description="a SQLAlchemy URL, such as postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
    )
    table: str = Field(min_length=1, description="a table or a view, with its schema and a dot before it where it needs one")


def _key_can_be_sent(source: "SearchSource") -> list[Problem]:
    if source.api_key is None or can_be_a_header(source.api_key):
        return []
    return [Problem("api_key", SECRET, "printable ASCII characters, with no space at either end")]


class SearchSource(Document):
    """Indices of a remote Elasticsearch or OpenSearch."""

    url: HttpUrl = Field(description="where it is, such as https://search.example.com:9200")
    indices: str | None = Field(
        default=None, description="names of its indices, with commas and wildcards; its own name if not set"
    )
    api_key: SecretStr | None = Field(default=None, description="an API key, as Elasticsearch encodes them")
    username: str | None = None
    password: SecretStr | None = None
    ca_certificate: Path | None = Field(default=None, description="PEM file that its certificate is checked against")

    CHECKS = ((frozenset({"api_key"}), _key_can_be_sent),)


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
    tables = named_tables(file, "sources", exists)
    return {name: document_of(f"sources.{name}", table, _KINDS, environment) for name, table in tables.items()}
