"""Single documents: written, changed, read, removed."""

from typing import Any, Final

from barograph.api.elastic.answers import Answer
from barograph.api.elastic.arguments import flag, names, whole
from barograph.api.elastic.endpoint import ANY, Call, Endpoint
from barograph.api.elastic.errors import ElasticError, bad
from barograph.api.elastic.index.names import SHARDS, in_words, reached
from barograph.api.elastic.result_names import plain
from barograph.index.shape import chosen
from barograph.index.write import Action, Operation, Outcome, parsed


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What is told of a document that was written."""
    head = {"_index": outcome.index, "_id": outcome.id, "_version": outcome.version, "result": outcome.result}
    return {**head, "_shards": SHARDS, "_seq_no": outcome.seq, "_primary_term": 1}


def status_of_outcome(outcome: Outcome) -> int:
    """The status of a document that was written."""
    return {"created": 201, "not_found": 404}.get(outcome.result, 200)


def refuse_unkept(call: Call) -> None:
    """Refuse what a URL asks of documents that are written and this index does not do.

    Raises:
        ElasticError: it asks for some of it.
    """
    refresh, pipeline = call.query.get("refresh", ""), call.query.get("pipeline", "_none")
    if refresh not in ("", "true", "false", "wait_for"):
        raise bad(f"Unknown value for refresh: [{refresh[:100]}].")
    refuse_pipeline(pipeline)
    if call.query.get("version_type", "internal") != "internal" or "version" in call.query:
        raise bad("[version] of another system is not kept here: wanted [if_seq_no] and [if_primary_term]")


def refuse_pipeline(name: str) -> None:
    """Refuse to change documents on their way in.

    Raises:
        ElasticError: a pipeline is named.
    """
    if name != "_none":
        raise bad(f"pipeline with id [{name[:100]}] does not exist")


def require_alias(call: Call, name: str) -> None:
    """Refuse to write to what is no alias, for those who want one.

    Raises:
        ElasticError: it is none.
    """
    if name not in call.server.documents.catalog.aliases:
        reason = f"no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias"
        raise ElasticError(404, "index_not_found_exception", reason, index=name)


def _write(call: Call, action: Action, source: bytes) -> Answer:
    refuse_unkept(call)
    if flag(call, "require_alias", False):
        require_alias(call, call.path["index"])
    if_seq = whole(call, "if_seq_no", 0) if call.query.get("if_seq_no") is not None else None
    if call.query.get("op_type") == "create":
        action = "create"
    with in_words():
        operation = Operation(action, call.path["index"], call.path.get("document_id"), source, if_seq)
        outcome = reached(call).write(operation)
    return Answer(outcome_document(outcome), status_of_outcome(outcome))


def put_document(call: Call) -> Answer:
    """Write a document."""
    return _write(call, "index", _needed(call))


def create_document(call: Call) -> Answer:
    """Write a document that must be new."""
    return _write(call, "create", _needed(call))


def delete_document(call: Call) -> Answer:
    """Remove a document."""
    return _write(call, "delete", b"")


def update_document(call: Call) -> Answer:
    """Change fields of a document."""
    return _write(call, "update", _needed(call))


def _needed(call: Call) -> bytes:
    if not call.body.strip():
        raise ElasticError(400, "parse_exception", "request body is required")
    source: bytes = call.body
    return source


def get_document(call: Call) -> Answer:
    """A document with what is known of it."""
    with in_words():
        stored = reached(call).get(call.path["index"], call.path["document_id"])
    if stored is None:
        return Answer({"_index": call.path["index"], "_id": call.path["document_id"], "found": False}, 404)
    wanted = whole(call, "version", stored.version)
    if wanted != stored.version:
        reason = (
            f"[{stored.id}]: version conflict, current version [{stored.version}] is different than the one provided [{wanted}]"
        )
        raise ElasticError(409, "version_conflict_engine_exception", reason)
    head = {"_index": stored.index, "_id": stored.id, "_version": stored.version, "_seq_no": stored.seq, "_primary_term": 1}
    return Answer(
        {**head, "found": True} | ({"_source": source} if (source := _source(call, stored.source)) is not None else {})
    )


def get_source(call: Call) -> Answer:
    """A document alone."""
    with in_words():
        stored = reached(call).get(call.path["index"], call.path["document_id"])
    if stored is None:
        wanted = f"Document not found [{call.path['index']}]/[{call.path['document_id']}]"
        raise ElasticError(404, "resource_not_found_exception", wanted)
    return Answer(_source(call, stored.source) or {})


def _source(call: Call, text: str) -> dict[str, Any] | None:
    """The parts of a document that the URL asks for."""
    given = call.query.get("_source", "true")
    if given == "false":
        return None
    includes = [] if given in ("true", "") else given.split(",")
    includes += [name for name in call.query.get("_source_includes", "").split(",") if name]
    excludes = [name for name in call.query.get("_source_excludes", "").split(",") if name]
    return chosen(parsed(text), includes, excludes) if includes or excludes else parsed(text)


def get_many(call: Call) -> dict[str, Any]:
    """Documents by their ids."""
    body = call.body or {}
    ids = body.get("ids", [])
    given = body.get("docs", [{"_id": name} for name in ids] if isinstance(ids, list) else ids)
    if not isinstance(given, list) or not all(isinstance(item, dict) and "_id" in item for item in given):
        raise bad("[docs] wanted a list of objects with _id, or [ids] a list of ids")
    nowhere = [at for at, item in enumerate(given) if not item.get("_index", call.path.get("index"))]
    problems = [f"index is missing for doc {at}" for at in nowhere] if given else ["no documents to get"]
    if problems:
        listed = " ".join(f"{number}: {problem};" for number, problem in enumerate(problems, 1))
        raise ElasticError(400, "action_request_validation_exception", f"Validation Failed: {listed}")
    return {"docs": [_one_of_many(call, item) for item in given]}


def _one_of_many(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    index, name = str(item.get("_index", call.path.get("index"))), str(item["_id"])
    try:
        with in_words():
            stored = reached(call, index).get(plain(index), name)
    except ElasticError as error:
        return {"_index": index, "_id": name, "error": {"type": error.kind, "reason": str(error), **error.more}}
    if stored is None:
        return {"_index": index, "_id": name, "found": False}
    head = {"_index": stored.index, "_id": name, "_version": stored.version, "_seq_no": stored.seq, "_primary_term": 1}
    source = _source(call, stored.source) if "_source" not in item else _part(parsed(stored.source), item["_source"])
    return {**head, "found": True} | ({} if source is None else {"_source": source})


def _part(document: dict[str, Any], wanted: Any) -> dict[str, Any] | None:
    """The part of a document that one of many asks for: a flag, names, or names to have and to leave out."""
    if isinstance(wanted, bool):
        return document if wanted else None
    asked = wanted if isinstance(wanted, dict) else {"includes": wanted}
    includes, excludes = (names(asked.get(f"{word}s", asked.get(word, [])), "_source") for word in ("include", "exclude"))
    return chosen(document, includes, excludes)


_WRITE: Final = (
    "refresh routing timeout version version_type if_seq_no if_primary_term op_type pipeline wait_for_active_shards "
    "require_alias"
)
_READ: Final = "_source _source_includes _source_excludes realtime refresh routing preference version stored_fields"
_ONE: Final = "{document_id:path}"


def _writes(methods: str, path: str, handler: Any, query: str = _WRITE) -> Endpoint:
    return Endpoint(methods, path, handler, query=query, fields=ANY, role="write", raw=True)


ENDPOINTS = (
    _writes("PUT POST", f"/{{index}}/_doc/{_ONE}", put_document),
    _writes("POST", "/{index}/_doc", put_document),
    _writes("PUT POST", f"/{{index}}/_create/{_ONE}", create_document),
    _writes("POST", f"/{{index}}/_update/{_ONE}", update_document, f"{_WRITE} retry_on_conflict _source"),
    _writes("DELETE", f"/{{index}}/_doc/{_ONE}", delete_document),
    Endpoint("GET HEAD", f"/{{index}}/_doc/{_ONE}", get_document, query=_READ),
    Endpoint("GET HEAD", f"/{{index}}/_source/{_ONE}", get_source, query=_READ),
    Endpoint("GET POST", "/_mget", get_many, query=_READ, fields="docs ids"),
    Endpoint("GET POST", "/{index}/_mget", get_many, query=_READ, fields="docs ids"),
)
