"""Detectors that run: real-time and historical, beside the requests of a server."""

from collections.abc import Mapping
from typing import Any

from barograph.api.elastic.endpoint import Call
from barograph.api.opensearch.feeding import remove_job
from barograph.api.opensearch.history import History, job_id_of
from barograph.api.opensearch.realtime import Realtime
from barograph.api.opensearch.shelves import TASKS, every
from barograph.api.opensearch.tasks import HISTORICAL
from barograph.api.server import Server


class Runs:
    """What runs of a server's detectors."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.realtime, self.history = Realtime(server), History(server)

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
