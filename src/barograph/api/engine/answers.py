"""Answers of the Engine API: pages of documents, single documents, acknowledgements, texts and files."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from barograph.api.engine.endpoint import Call

Document = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes:
        body: a document, text, or the bytes of a zip file.
        status: the HTTP status.
        media_type: of text.
    """

    body: Mapping[str, Any] | str | bytes
    status: int = 200
    media_type: str = "text/plain; charset=utf-8"


ACK: Final = Answer({"acknowledgement": True})
"""What was asked is done."""


def respond(answer: Answer) -> Response:
    """The response of an answer."""
    if isinstance(answer.body, bytes):
        return Response(answer.body, answer.status, media_type="application/zip")
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, media_type=answer.media_type)
    return Response(orjson.dumps(answer.body), answer.status, media_type="application/json")


def single(kind: str, document: Mapping[str, Any] | None) -> Answer:
    """One document; without it clients are told by 404 that there is none, in the same shape."""
    if document is None:
        return Answer({"exists": False, "type": kind}, 404)
    return Answer({"exists": True, "type": kind, "document": document})


def page(call: "Call", total: int, at: tuple[int, int], documents: Sequence[Mapping[str, Any]]) -> Answer:
    """A page of documents.

    Args:
        call: the call; the links to the pages around this one repeat all its parameters.
        total: how many documents there are on all pages.
        at: how many were skipped, and how many a page takes.
        documents: those of this page.
    """
    skip, take = at
    following = _link(call, skip + take, take) if take and skip + take < total else None
    before = _link(call, max(0, skip - take), take) if take and skip > 0 else None
    paging = {"hitCount": total, "skip": skip, "take": take, "nextPage": following, "previousPage": before}
    return Answer({**paging, "documents": list(documents)})


def empty_page(at: tuple[int, int]) -> Answer:
    """The page of something that is not there: 404, in the shape of a page, which is how clients read it."""
    skip, take = at
    paging = {"hitCount": 0, "skip": skip, "take": take, "nextPage": None, "previousPage": None}
    return Answer({**paging, "documents": []}, 404)


def _link(call: "Call", skip: int, take: int) -> str:
    others = [(name, value) for name, value in call.query.multi_items() if name not in ("skip", "take")]
    return f"{call.url}?{urlencode([('skip', skip), ('take', take), *others])}"


def zipped(files: Mapping[str, str]) -> Answer:
    """Texts as the files of a zip file, by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return Answer(buffer.getvalue())
