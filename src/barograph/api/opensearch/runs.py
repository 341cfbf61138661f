"""Detectors that run: real-time and historical, beside the requests of a server."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, TypeVar

from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.feeding import remove_job
from barograph.api.opensearch.history import History, job_id_of
from barograph.api.opensearch.realtime import Realtime
from barograph.api.opensearch.shelves import TASKS, every
from barograph.api.opensearch.tasks import HISTORICAL
from barograph.api.server import Server

T = TypeVar("T")
_TURN_S: Final = 10.0
"""What a start waits for others. Chosen: whoever waits longer asks again."""


class Runs:
    """What runs of a server's detectors.

    Attributes:
        realtime: those that are started.
        history: historical runs.
        changing: held while a detector is made, changed, removed or started: what was checked holds until it is done.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.changing = threading.RLock()
        self.realtime, self.history = Realtime(server), History(server)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """As `changing`, for a historical run, which does not wait for long.

        Raises:
            ElasticError: others are being started all the time.
        """
        if not self.changing.acquire(timeout=_TURN_S):
            raise refused("Too many historical analysis requests in short time. Please retry later.", 403)
        try:
            yield
        finally:
            self.changing.release()

    def resume(self) -> None:
        """See `Beside`."""
        self.history.resume()
        self.realtime.resume()

    def close(self) -> None:
        """See `Beside`."""
        self.realtime.close()
        self.history.close()

    def forget(self, detector_id: str) -> None:
        """Remove what a detector has learnt; results stay in their index."""
        filters: tuple[Mapping[str, Any], ...] = (
            {"term": {"detector_id": detector_id}},
            {"terms": {"task_type": [*HISTORICAL]}},
        )
        for task_id in every(self._server.documents, TASKS, *filters):
            remove_job(self._server, job_id_of(detector_id, task_id))
        remove_job(self._server, detector_id)


def runs_of(call: Call) -> Runs:
    """Those of the server of a call."""
    return next(one for one in call.server.beside if isinstance(one, Runs))


def one_by_one(handler: Callable[[Call], T]) -> Callable[[Call], T]:
    """A handler that changes detectors, or what they do: nobody changes them meanwhile."""

    @wraps(handler)
    def alone(call: Call) -> T:
        with runs_of(call).changing:
            return handler(call)

    return alone
