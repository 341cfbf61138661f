"""Sources are read from the file of settings, all that is wrong with one told at once, and no secret needs to be in it."""

from pathlib import Path

import pytest

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
        "orders": SqlSource(sql="sqlite:///orders.db", table="sales.orders"),
        "logs": SearchSource(url="https://search.example.com:9200", api_key="secret"),
    }


def test_there_are_none_without_a_file(tmp_path: Path) -> None:
    assert load_sources(None, {}, exists=lambda _: False) == {}
    assert load(tmp_path, "[server]\nport = 1\n") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sources.a]\nx = 1\n", "wanted a table with one of files, sql, url"),
        ('[sources.a]\nsql = "x"\nurl = "y"\n', "wanted a table with one of files, sql, url"),
        ('[sources.a]\nurl = "$NONE"\n', r"sources.a.url='\$NONE': wanted a variable of the environment"),
        ("sources = 1\n", "sources=1: wanted tables"),
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
