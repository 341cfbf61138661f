"""One look of a detector in real time: at the intervals that have ended since the last one, and what is told of them."""

from dataclasses import dataclass
from typing import Final

from barograph.api.opensearch.density import MINUTE_MS
from barograph.api.opensearch.document import categories
from barograph.api.opensearch.feeding import Feeding, remove_job
from barograph.api.opensearch.result_documents import Origin, failure
from barograph.api.opensearch.tasks import DONE, REALTIME, change, latest_of
from barograph.api.server import Server
from barograph.config.forest import NEEDED
from barograph.jobs.service import ForestModel, Service

_LONGEST_GAP: Final = 10_000
"""Intervals that are made up for; after a longer pause a detector begins anew."""


@dataclass(frozen=True)
class Look:
    """One look of a detector."""

    server: Server
    detector_id: str
    feeding: Feeding

    def over(self, until_ms: int) -> None:
        """Look at all intervals up to `until_ms` that are not looked at yet; at the past, too, where there are no results."""
        window = self.feeding.window
        entities = len(window.entities((until_ms - window.step_ms, until_ms))) if categories(window.detector) else 1
        seen: set[int] = set()
        began = self.server.service.now_ms()
        for piece in window.pieces((self._begin(until_ms), until_ms), entities):
            seen |= self.feeding.take(piece)
            self.feeding.tell(piece, self._origin(began))
        last = until_ms - window.step_ms
        is_alone = not categories(window.detector) and window.detector.get("imputation_option") is None
        if is_alone and last not in seen:
            error = f"No data in current window between {last} and {until_ms} for {self.detector_id}"
            self.tell_failure(until_ms, error, until_ms)
        else:
            self._tell("", until_ms)

    def _begin(self, until_ms: int) -> int:
        """Where to go on. What the job has found and nobody was told of, as the server ended in between, is told first."""
        window = self.feeding.window
        self.feeding.open()
        known = self.feeding.newest_end()
        if known is not None and until_ms - known > _LONGEST_GAP * window.step_ms:
            remove_job(self.server, self.detector_id)
            self.feeding.open()
            known = None
        task = latest_of(self.server.documents, self.detector_id, *REALTIME)
        told = None if known is None or task is None else task[1].get("current_piece")
        if known is None:
            known = until_ms - (int(window.detector["history"]) + 1) * window.step_ms
        if told is None:
            if task is not None:
                change(self.server.documents, task[0], current_piece=known)
        elif told < known:
            self.feeding.tell((told, known), self._origin(self.server.service.now_ms()))
        return min(max(known, told or known), until_ms)

    def _origin(self, began_ms: int) -> Origin:
        window = self.feeding.window
        return Origin(self.detector_id, window.detector, None, window.phase_ms, began_ms, self.server.service.now_ms())

    def tell_failure(self, until_ms: int, error: str, told_ms: int | None = None) -> None:
        """Tell of the last interval that there is no result of it, and why; see `_tell` for `told_ms`."""
        span = until_ms - self.feeding.window.step_ms, until_ms
        self.feeding.write([failure(self._origin(self.server.service.now_ms()), span, error)])
        self._tell(error, told_ms)

    def _tell(self, error: str, told_ms: int | None) -> None:
        """How far the detector is, in its task; from RUNNING there is no way back.

        Args:
            error: what went wrong; empty where nothing did.
            told_ms: the end of what results are told of now; None: that has not changed.
        """
        task = latest_of(self.server.documents, self.detector_id, *REALTIME)
        if task is None or task[1]["state"] in DONE:
            return
        was_ready = task[1]["state"] == "RUNNING"  # then the forests, which may be thousands, need not be counted
        points = NEEDED if was_ready else most_points(models_of(self.server.service, self.detector_id))
        is_ready = points >= NEEDED
        left = 0 if is_ready else (NEEDED - points) * self.feeding.window.step_ms // MINUTE_MS
        progress = 1.0 if is_ready else points / NEEDED
        state = "RUNNING" if is_ready else "INIT"
        told = {} if told_ms is None else {"current_piece": told_ms}
        how_far = {"init_progress": progress, "estimated_minutes_left": left, **told}
        change(self.server.documents, task[0], state=state, error=error, **how_far)


def models_of(service: Service, job_id: str) -> list[ForestModel]:
    """The forests of a detector's job, as of its last commit; none where it has no job."""
    return service.forest_models(job_id) if job_id in service.ids() else []


def most_points(models: list[ForestModel]) -> int:
    """How many points the forest has learnt that has learnt most."""
    return max((model.points for model in models), default=0)
