"""What the programs share that drive a server with the official client: no Barograph, and imported from their own folder."""

import sys
from collections.abc import Callable
from typing import Any

import elasticsearch
from elasticsearch import Elasticsearch


def refused(status: int, kind: str, call: Any, **arguments: Any) -> None:
    """A call that must fail with this status and type of error."""
    try:
        told = call(**arguments)
    except elasticsearch.ApiError as error:
        told = (error.status_code, error.message)
    assert told == (status, kind), told


def drive(*parts: Callable[[Elasticsearch], None]) -> None:
    """Run the parts in order against the server whose URL is the program's argument."""
    es = Elasticsearch(sys.argv[1], http_compress=True)
    for part in parts:
        part(es)
    print("driven by", ".".join(map(str, elasticsearch.__version__)))
