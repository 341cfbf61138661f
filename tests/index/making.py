"""An index in memory with documents in it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from barograph.index.documents import Documents
from barograph.index.write import Operation

NOW_MS = 1_464_793_200_000  # 2016-06-01T15:00:00Z


def documents(*sources: Mapping[str, Any], mappings: Mapping[str, Any] | None = None, index: str = "logs") -> Documents:
    """An index of these documents, whose ids are their places."""
    made = Documents(None, lambda: NOW_MS)
    made.create_index(index, {"mappings": mappings or {}})
    put(made, sources, index)
    return made


def put(into: Documents, sources: Iterable[Mapping[str, Any]], index: str = "logs") -> None:
    outcomes = into.bulk([Operation("index", index, str(at), json.dumps(source).encode()) for at, source in enumerate(sources)])
    assert [outcome.error for outcome in outcomes] == [None] * len(outcomes)


def found(into: Documents, query: Mapping[str, Any], index: str = "logs") -> list[str]:
    """The ids of what a query finds."""
    return sorted(
        (hit["_id"] for hit in into.search(index, {"query": query, "size": 10_000}).hits), key=lambda name: (len(name), name)
    )
