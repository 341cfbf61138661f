"""The rooms import downwards only, and no room looks into a neighbour's."""

import ast
import re
from pathlib import Path

import pytest

import barograph

SOURCE = Path(__file__).parents[1] / "src" / "barograph"
ROOMS = [
    {"cli"},
    {"api"},
    {"web"},
    {"report"},
    {"alerts"},
    {"jobs"},
    {"sources", "samples"},
    {"store", "index"},
    {"engine"},
    {"intake", "categorize", "buckets", "models", "scoring"},
    {"kernels"},
    {"results"},
    {"config"},
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module == "barograph":
            names = [f"barograph.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("barograph.")}
    return rooms


FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.name == "engine.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_itself_and_rooms_below(path: Path) -> None:
    room = room_of(path)
    for other in imported_rooms(path):
        assert other == room or LEVEL[other] > LEVEL[room], f"{path.name} ({room}) imports {other}"


def test_every_folder_has_its_place() -> None:
    assert {room_of(path) for path in FILES} <= set(LEVEL)


SHELLS = [path for path in FILES if room_of(path) in {"cli", "api", "web"}]


@pytest.mark.parametrize("path", SHELLS, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_shell_reaches_jobs_through_the_service_and_never_their_store(path: Path) -> None:
    assert "store" not in imported_rooms(path)


def test_every_constant_of_the_series_model_says_where_it_comes_from():
    kernels = Path(barograph.__file__).parent / "kernels"
    stated = re.compile(r"constexpr (?:double|int|int64_t) k\w+[^;]*;(.*)")
    lines = [(file.name, line) for file in sorted(kernels.glob("series*")) for line in file.read_text().splitlines()]
    silent = [(name, line) for name, line in lines if (found := stated.search(line)) and "(" not in found[1]]
    assert len([line for _, line in lines if stated.search(line)]) > 100
    assert not silent
