"""Names of indices in a call, and the errors of the index in Elasticsearch's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from barograph.api.elastic.arguments import flag
from barograph.api.elastic.endpoint import Call
from barograph.api.elastic.errors import ElasticError
from barograph.config.errors import BarographError
from barograph.index.catalog import Options
from barograph.index.documents import Documents
from barograph.index.errors import (
    BadDocument,
    BadMapping,
    BadName,
    BadQuery,
    IndexClosed,
    IndexExists,
    NoSuchContext,
    NoSuchDocument,
    NoSuchIndex,
    VersionConflict,
)

OPTIONS: Final = "allow_no_indices expand_wildcards ignore_unavailable ignore_throttled"
"""Parameters of every call with names of indices."""
SHARDS: Final = {"total": 1, "successful": 1, "failed": 0}
"""What is told of shards: there is one, and it does not fail by itself."""
SEARCHED: Final = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}

_KINDS: Final[tuple[tuple[type[BarographError], int, str], ...]] = (
    (NoSuchIndex, 404, "index_not_found_exception"),
    (NoSuchContext, 404, "search_context_missing_exception"),
    (IndexExists, 400, "resource_already_exists_exception"),
    (IndexClosed, 403, "cluster_block_exception"),
    (VersionConflict, 409, "version_conflict_engine_exception"),
    (BadName, 400, "invalid_index_name_exception"),
    (NoSuchDocument, 404, "document_missing_exception"),
    (BadMapping, 400, "mapper_parsing_exception"),
    (BadDocument, 400, "document_parsing_exception"),
    (BadQuery, 400, "parsing_exception"),
)


def told(error: Exception) -> Exception:
    """An error of the index under Elasticsearch's name; any other as it is."""
    for kind, status, name in _KINDS:
        if isinstance(error, kind):
            where = getattr(error, "name", None)
            more: dict[str, Any] = {} if where is None else {"index": where, "resource.id": where}
            return ElasticError(status, name, str(error), **more)
    return error


@contextmanager
def in_words() -> Iterator[None]:
    """Errors of the index that leave the block have Elasticsearch's names."""
    try:
        yield
    except BarographError as error:
        raise told(error) from error


def reached(call: Call, *names: str) -> Documents:
    """The index, where the results of jobs are up to date if a call may reach them.

    Args:
        call: the call; the names of its path are looked at.
        names: other names that it reaches.
    """
    asked = [call.path.get("index", "_all"), call.path.get("alias", ""), *names]
    hidden = call.query.get("expand_wildcards", "") in ("all", "hidden")
    if any(".ml-" in name or ".*" in name or (hidden and ("*" in name or name == "_all")) for name in asked):
        call.server.bring_results_up_to_date()
    return call.server.documents


def expression(call: Call) -> str:
    """The indices that a call names; all if it names none.

    Raises:
        ElasticError: it names one that there can be none of.
    """
    named = call.path.get("index") or "_all"
    for name in named.split(","):
        if name.startswith("_") and name != "_all":
            reason = f"Invalid index name [{name[:100]}], must not start with '_'."
            raise ElasticError(400, "invalid_index_name_exception", reason)
    return named


def options(call: Call) -> Options:
    """How the names of a call are read."""
    wildcards = {word.strip() for word in call.query.get("expand_wildcards", "open").split(",")}
    return Options(
        with_hidden=bool(wildcards & {"all", "hidden"}),
        ignore_unavailable=flag(call, "ignore_unavailable", False),
        allow_no_indices=flag(call, "allow_no_indices", True),
    )
