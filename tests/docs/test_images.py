"""The pictures on the pages are there, small, and made from the product by scripts/charts.py and scripts/pictures.py."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from scripts.pictures import PICTURES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
IMAGES = ROOT / "docs" / "images"


def charts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("charts", ROOT / "scripts" / "charts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    return module


def shown() -> set[Path]:
    return {
        (page.parent / name).resolve()
        for page in PAGES
        for name in re.findall(r"!\[[^]]+]\(([^)]+)\)", page.read_text("utf-8"))
    }


def test_each_picture_is_shown_and_each_that_is_shown_is_there():
    assert shown() == set(IMAGES.iterdir())


def test_each_picture_is_made_by_a_script():
    assert {path.name for path in IMAGES.iterdir()} == {*charts().CHARTS, *charts().NOTEBOOK, *PICTURES}


@pytest.mark.parametrize("path", sorted(IMAGES.iterdir()), ids=lambda path: path.name)
def test_a_picture_is_small(path):
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("name", ["score.svg", "stream.svg"])
def test_the_script_draws_what_the_product_says(name):
    script = charts()
    chart = script.CHARTS[name]()
    drawn = ElementTree.fromstring(script.drawn(chart))
    dots = [one for one in drawn.iter() if one.tag.endswith("circle")]
    assert len(dots) == sum(row[2] >= 50 for row in chart.rows) > 0
