"""Sources are read from the file of settings, all that is wrong with one told at once, and no secret needs to be in it."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from barograph.config.errors import BadRequest, ConfigError
from barograph.config.sources import FileSource, SearchSource, SqlSource, load_sources


def load(folder: Path, text: str, **environment: str) -> object:
    (folder / "barograph.toml").write_text(text)
    return load_sources(folder / "barograph.toml", environment)


def test_each_kind_is_told_by_its_first_field(tmp_path: Path) -> None:
    text = """
[sources.taxi]
files = ["data/taxi-*.parquet"]
[sources.orders]
sql = "$ORDERS"
table = "sales.orders"
[sources.logs]
url = "https://search.example.com:9200"
api_key = "$KEY"
"""
    assert load(tmp_path, text, ORDERS="sqlite:///orders.db", KEY="secret") == {
        "taxi": FileSource(files=("data/taxi-*.parquet",)),
        "orders": SqlSource(sql=SecretStr("sqlite:///orders.db"), table="sales.orders"),
        "logs": SearchSource(url=SecretStr("https://search.example.com:9200"), api_key=SecretStr("secret")),
    }


def test_there_are_none_without_a_file(tmp_path: Path) -> None:
    assert load_sources(None, {}, exists=lambda _: False) == {}
    assert load(tmp_path, "[server]\nport = 1\n") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sources.a]\nx = 1\n", "wanted a table with one of files, sql, url"),
        ('[sources.a]\nsql = "x"\nurl = "y"\n', "wanted a table with one of files, sql, url"),
        ('[sources.a]\nfiles = ["$NONE"]\n', r"sources.a.files='\$NONE': wanted, behind \$, a variable of the environment"),
        ("sources = 1\n", r"sources: wanted tables \[sources.NAME\]"),
        ("[sources", "wanted a readable TOML file"),
    ],
)
def test_what_cannot_be_a_source_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        load(tmp_path, text)


def test_all_problems_of_a_source_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, '[sources.a]\nsql = ""\ncolour = 1\n')
    assert len(caught.value.problems) == 3


SEARCH = 'url = "https://search.example.com"'


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (f'{SEARCH}\npassword = ["s3cret"]', "sources.a.password='(secret)': wanted text"),
        (f'{SEARCH}\npassword = "$s3cret"', "sources.a.password='(secret)': wanted, behind $, a variable"),
        (f'{SEARCH}\npasword = "s3cret"', "sources.a.pasword='(secret)': wanted a known field (did you mean 'password'?)"),
        (f'{SEARCH}\napi_key = {{id = "s3cret"}}', "sources.a.api_key='(secret)': wanted text"),
        (f'{SEARCH}\napi_key = "s3cret\\nB: c"', "sources.a.api_key='(secret)': wanted printable ASCII"),
        ('url = ["https://me:s3cret@x"]', "sources.a.url='(secret)': wanted text"),
        ('url = "htps://me:s3cret@x"', "sources.a.url='(secret)': wanted a URL that begins with https:// or http://"),
        ('url = "https://me:s3/cret@x:s3cret"', "sources.a.url='(secret)': wanted a URL"),
        ('sql = ["postgresql://me:s3cret@x"]\ntable = "t"', "sources.a.sql='(secret)': wanted text"),
        (f'{SEARCH}\nindices = ["s3"]', "sources.a.indices=['s3']: wanted text"),
    ],
)
def test_no_error_tells_a_secret(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(BadRequest) as refused:
        load(tmp_path, f"[sources.a]\n{table}\n")
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_section_that_is_no_tables_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        load(tmp_path, 'sources = "postgresql://me:s3cret@x"\n')
    assert "s3cret" not in str(refused.value)


def test_what_is_printed_of_a_source_has_no_secret(tmp_path: Path) -> None:
    made = load(tmp_path, f'[sources.a]\n{SEARCH.replace("//", "//me:s3cret@")}\npassword = "s3cret"\napi_key = "s3cret"\n')
    assert "s3cret" not in repr(made)
