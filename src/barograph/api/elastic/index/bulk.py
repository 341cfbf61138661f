"""`_bulk`: many documents in one call, a line for what to do and a line for the document."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from barograph.api.elastic.arguments import flag
from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import as_elastic, bad
from barograph.api.elastic.index.documents import (
    outcome_document,
    refuse_pipeline,
    refuse_unkept,
    require_alias,
    status_of_outcome,
)
from barograph.api.elastic.index.names import reached, told
from barograph.api.elastic.result_names import plain
from barograph.index.write import Operation, Outcome


class _Where(msgspec.Struct, forbid_unknown_fields=True):
    """What is said of a document beside it. What is not used here makes no difference."""

    index: str | None = msgspec.field(default=None, name="_index")
    id: str | int | None = msgspec.field(default=None, name="_id")
    if_seq: int | None = msgspec.field(default=None, name="if_seq_no")
    require_alias: bool = False
    pipeline: str = "_none"
    version: int | None = None
    version_type: str = "internal"
    type: str | None = msgspec.field(default=None, name="_type")
    if_primary_term: int | None = None
    routing: str | int | None = None
    retry_on_conflict: int = 0
    op_type: str | None = None
    dynamic_templates: dict[str, str] | None = None
    list_executed_pipelines: bool = False
    source: bool | str | list[str] | None = msgspec.field(default=None, name="_source")


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """What to do: one of the four."""

    index: _Where | None = None
    create: _Where | None = None
    update: _Where | None = None
    delete: _Where | None = None


_LINES: Final = msgspec.json.Decoder(_Line)
_WANTED: Final = "wanted an object with one of index, create, update, delete"


def post_bulk(call: Call) -> dict[str, Any]:
    """Write many documents. Those that cannot be written are told of; the others are."""
    refuse_unkept(call)
    operations = _operations(call, flag(call, "require_alias", False))
    call.body = None  # the documents are in the operations
    began = call.server.service.now_ms()
    outcomes = reached(call, *{operation.index for operation in operations}).bulk(operations)
    items = [_item(operation, outcome) for operation, outcome in zip(operations, outcomes, strict=True)]
    took = max(0, call.server.service.now_ms() - began)
    return {"took": took, "errors": any(outcome.error is not None for outcome in outcomes), "items": items}


def _operations(call: Call, needs_alias: bool) -> list[Operation]:
    body, default = call.body, call.path.get("index")
    if not body.strip():
        raise bad("request body is required")
    if not body.endswith(b"\n"):
        raise bad("The bulk request must be terminated by a newline [\\n]")
    operations: list[Operation] = []
    lines = iter(enumerate(body.split(b"\n"), 1))
    before, action, where = b"", "", _Where()
    for number, line in lines:
        if line != before:  # most lines say the same as the one before
            if not line.strip():
                continue
            action, where = _said(line, number)
            before = line
            refuse_pipeline(where.pipeline)
            if needs_alias or where.require_alias:
                require_alias(call, plain(where.index or default or ""))
        operations.append(_operation(action, where, number, default, lines))
    return operations


def _said(line: bytes, number: int) -> tuple[str, _Where]:
    """What a line says is to be done, and to what."""
    try:
        said = _LINES.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad(f"Malformed action/metadata line [{number}], {_WANTED} ({error})") from None
    for action in ("index", "create", "update", "delete"):
        where: _Where | None = getattr(said, action)
        if where is not None:
            if where.version_type != "internal" or where.version is not None:
                raise bad(f"[version] in line [{number}] is not kept here: wanted [if_seq_no] and [if_primary_term]")
            return action, where
    raise bad(f"Malformed action/metadata line [{number}], {_WANTED}")


def _operation(action: str, where: _Where, number: int, default: str | None, lines: Iterator[tuple[int, bytes]]) -> Operation:
    index = where.index or default
    if index is None:
        raise bad(f"Validation Failed: 1: index is missing in line [{number}];")
    name = None if where.id is None else str(where.id)
    if name is None and action in ("update", "delete"):
        raise bad(f"Validation Failed: 1: id is missing in line [{number}];")
    source = b""
    if action != "delete":
        _, source = next(lines, (number, b""))
        if not source:
            raise bad(f"The bulk request ends behind line [{number}]: wanted the document of it")
    return Operation(action, plain(index), name, source, where.if_seq)  # type: ignore[arg-type]


def _item(operation: Operation, outcome: Outcome) -> dict[str, Any]:
    if outcome.error is None:
        return {operation.action: {**outcome_document(outcome), "status": status_of_outcome(outcome)}}
    error = as_elastic(told(outcome.error))
    problem = {"type": error.kind, "reason": str(error)}
    return {operation.action: {"_index": outcome.index, "_id": outcome.id, "status": error.status, "error": problem}}


_QUERY: Final = "refresh timeout routing pipeline wait_for_active_shards require_alias _source type list_executed_pipelines"
ENDPOINTS = (
    Endpoint("PUT POST", "/_bulk", post_bulk, query=_QUERY, fields=ANY, role="write", raw=True),
    Endpoint("PUT POST", "/{index}/_bulk", post_bulk, query=_QUERY, fields=ANY, role="write", raw=True),
)
