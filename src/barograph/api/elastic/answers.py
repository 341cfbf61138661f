"""Answers as clients of Elasticsearch want them: the media type they asked for, warnings, the parts of a document they want."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import yaml
from starlette.requests import Request
from starlette.responses import Response

from barograph.api.elastic.errors import bad, plain_type
from barograph.api.elastic.filter_path import filtered
from barograph.api.elastic.human import humanized
from barograph.api.elastic.version import BUILD_HASH, VERSION

_KNOWN_FORMATS: Final = {"json": "json", "yaml": "yaml", "text": "text", "txt": "text", "": "text"}
_FORMATS: Final = {"application/json": "json", "application/vnd.elasticsearch+json": "json", "application/yaml": "yaml"}
_VENDOR: Final = re.compile(r"application/vnd\.elasticsearch\+json\s*;\s*compatible-with\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """An answer that is more than a document.

    Attributes:
        body: the document, or text as it is.
        status: the HTTP status.
        headers: those that the answer has beside the usual ones.
    """

    body: "Mapping[str, Any] | list[Any] | str | None"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def respond(request: Request, answered: "Answer | Mapping[str, Any] | list[Any]", warnings: Sequence[str]) -> Response:
    """The response to a request."""
    answer = answered if isinstance(answered, Answer) else Answer(answered)
    if request.method == "HEAD" or answer.body is None:
        response = Response(b"", answer.status, media_type=media_type(request))
    elif isinstance(answer.body, str):
        response = Response(answer.body, answer.status, media_type="text/plain; charset=UTF-8")
    else:
        is_human = request.query_params.get("human", "false") in ("", "true") and request.url.path.startswith("/_ml/")
        told = humanized(answer.body) if is_human else answer.body
        chosen = filtered(told, request.query_params.get("filter_path", ""))
        if wanted_format(request.query_params.get("format"), accepted(request)) == "yaml":
            return _finished(Response(_yaml(chosen), answer.status, media_type="application/yaml"), answer, warnings)
        pretty = request.query_params.get("pretty", "false") in ("", "true")
        text = orjson.dumps(chosen, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if pretty else 0)
        response = Response(text, answer.status, media_type=media_type(request))
    return _finished(response, answer, warnings)


def _finished(response: Response, answer: Answer, warnings: Sequence[str]) -> Response:
    response.headers.update(answer.headers)
    for text in warnings:
        response.headers.append("Warning", text)
    return response


def _yaml(document: Any) -> str:
    plain = orjson.loads(orjson.dumps(document))
    text: str = yaml.safe_dump(plain, sort_keys=False, explicit_start=True, allow_unicode=True)
    return text


def accepted(request: Request) -> str:
    """The media type that a client names first, without its parameters."""
    return request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()


def wanted_format(given: str | None, accept: str) -> str:
    """What an answer is to be written in: `json`, `yaml` or, where neither is asked for, `text`.

    Raises:
        ElasticError: something else is asked for.
    """
    if given is None:
        return _FORMATS.get(accept, "text")
    if given not in _KNOWN_FORMATS:
        raise bad(f"[format]={given[:100]!r}: wanted json or yaml")
    return _KNOWN_FORMATS[given]


def media_type(request: Request) -> str:
    """The vendor's type if the client asked for it, else plain JSON."""
    asked = _VENDOR.search(request.headers.get("accept", ""))
    if asked:
        return f"application/vnd.elasticsearch+json;compatible-with={asked[1]}"
    return plain_type(request.url.path)


def warning(text: str) -> str:
    """A text as the value of a Warning header."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    # A header's value is Latin-1 without line ends; what does not fit is shown, not lost.
    plain = " ".join(escaped.split()).encode("latin-1", "backslashreplace").decode("latin-1")
    return f'299 Elasticsearch-{VERSION}-{BUILD_HASH} "{plain}"'
