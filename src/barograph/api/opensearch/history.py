"""Historical runs: a detector over a span of the past, as a task that tells how far it is."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from barograph.api.elastic.cluster_state import setting
from barograph.api.opensearch.document import categories
from barograph.api.opensearch.errors import refused
from barograph.api.opensearch.feeding import Feeding, remove_job
from barograph.api.opensearch.result_documents import Origin, failure, shown_entity
from barograph.api.opensearch.shelves import TASKS, every, result_aliases, write_many
from barograph.api.opensearch.tasks import (
    DONE,
    HISTORICAL,
    INACTIVE,
    OF_ENTITY,
    OVER,
    change,
    end,
    entity_tasks,
    forget,
    is_running,
    latest_of,
    new_task,
    ordered,
    outlived,
)
from barograph.api.opensearch.windows import Span, Window
from barograph.api.server import Server

_AT_ONCE: Final = 2
"""Runs that go on at a time; others wait in their order. Chosen: a long one does not hold up all others."""
_SLOTS: Final = 10
"""Runs that go on or wait, unless a setting of the cluster has another number."""
_LEAST: Final = 32
_ALL: Final = (0, 1 << 52)


class NoRun(Exception):
    """A run that cannot be, in the words of its task."""


class Cancelled(Exception):
    """A run that somebody has stopped."""


@dataclass
class History:
    """The historical runs of a server. Any thread may call.

    Attributes:
        server: whose they are.
        pool: what they run in.
        stops: by task, what tells a run to stop.
    """

    server: Server
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="historical"))
    stops: dict[str, threading.Event] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)

    def start(self, detector_id: str, detector: Mapping[str, Any], span: Span) -> str:
        """Begin a run; the id of its task. One at a time may call.

        Raises:
            ElasticError: one goes on already, or too many others do.
        """
        documents = self.server.documents
        self._refuse(detector_id)
        dates = {"start_time": span[0], "end_time": span[1]}
        more = {"current_piece": span[0], "detection_date_range": dates}
        task_id = new_task(documents, detector_id, detector, HISTORICAL, **more)
        self.stops[task_id] = threading.Event()
        for old in outlived(documents, detector_id, HISTORICAL):
            self.drop(detector_id, detector, old)
        self.pool.submit(self._run, detector_id, detector, task_id, span)
        return task_id

    def _refuse(self, detector_id: str) -> None:
        """Refuse a run that cannot begin now."""
        if is_running(self.server.documents, detector_id):
            raise refused("Config is already running")
        given = setting(self.server, "plugins.anomaly_detection.max_batch_task_per_node")
        if len(self.stops) >= (_SLOTS if given is None else int(given)):
            raise refused("No available task slot")

    def drop(self, detector_id: str, detector: Mapping[str, Any], task_id: str) -> None:
        """Remove a run with its tasks, its job and its results."""
        documents = self.server.documents
        remove_job(self.server, job_id_of(detector_id, task_id))
        forget(documents, {"term": {"parent_task_id": task_id}})
        forget(documents, {"ids": {"values": [task_id]}})
        for alias in result_aliases(documents, detector):
            documents.delete_matching(alias, {"term": {"task_id": task_id}})

    def stop(self, detector_id: str) -> str:
        """Stop the run of a detector; the id of its task.

        Raises:
            ElasticError: there is none, or it is over.
        """
        task = latest_of(self.server.documents, detector_id, *HISTORICAL)
        if task is None:
            raise refused("Detector not started")
        task_id, document = task
        if document["state"] in DONE:
            raise refused("No running task found")
        stop = self.stops.get(task_id)
        if stop is not None:
            stop.set()
        else:  # of a process that has ended
            self._stopped(task_id)
        return task_id

    def resume(self) -> None:
        """Tell of the runs that an earlier process left behind that they have stopped."""
        unfinished = {"bool": {"must_not": {"terms": {"state": [*OVER]}}}}
        for task_id, task in every(self.server.documents, TASKS, unfinished).items():
            if task["task_type"] in HISTORICAL:
                self._stopped(task_id)

    def close(self) -> None:
        """Stop what goes on, for now: a run that is stopped so says that the server has ended."""
        self.closing.set()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, detector_id: str, detector: Mapping[str, Any], task_id: str, span: Span) -> None:
        documents = self.server.documents
        run = _Run(self, detector_id, detector, task_id)
        try:
            change(documents, task_id, state="INIT", init_progress=0.0)
            run.over(span)
        except Cancelled:
            self._stopped(task_id)
        except Exception as error:  # whatever it is, the task tells it, and other runs go on
            structlog.get_logger().warning("detector.run_failed", detector_id=detector_id, task_id=task_id, error=str(error))
            for entity_task in entity_tasks(documents, task_id):
                end(documents, entity_task, "FAILED", error=str(error))
            end(documents, task_id, "FAILED", error=str(error))
        finally:
            self.stops.pop(task_id, None)
            if not self.closing.is_set():
                run.feeding.close()

    def _stopped(self, task_id: str) -> None:
        by_user = task_id in self.stops and self.stops[task_id].is_set()
        told = "Historical analysis cancelled by user" if by_user else "The server has ended"
        for entity_task in entity_tasks(self.server.documents, task_id):
            end(self.server.documents, entity_task, "STOPPED" if by_user else INACTIVE, error=told)
        end(self.server.documents, task_id, "STOPPED", error=told)


def job_id_of(detector_id: str, task_id: str) -> str:
    """The id of the job of a historical run."""
    return f"{detector_id}-{task_id}"


@dataclass
class _Run:
    """One run."""

    history: History
    detector_id: str
    detector: Mapping[str, Any]
    task_id: str
    feeding: Feeding = field(init=False)

    def __post_init__(self) -> None:
        self._documents = self.history.server.documents
        window = Window(self._documents, self.detector)
        self.feeding = Feeding(self.history.server, job_id_of(self.detector_id, self.task_id), window)

    def over(self, span: Span) -> None:
        """Look at a span, piece by piece.

        Raises:
            NoRun: there are too few data.
            Cancelled: somebody has stopped it.
        """
        whole = self._clipped(span)
        entities = self._entities(whole)
        self.feeding.open()
        change(self._documents, self.task_id, state="RUNNING", init_progress=1.0)
        for piece in self.feeding.window.pieces(whole, len(entities)):
            self._check_stop()
            self._piece(piece)
            done = (piece[1] - whole[0]) / (whole[1] - whole[0])
            change(self._documents, self.task_id, current_piece=piece[1], task_progress=round(done, 4))
        failed = self._end_entities(entities)
        if entities and failed == len(entities):
            raise NoRun(_TOO_FEW)
        end(self._documents, self.task_id, "FINISHED", task_progress=1.0, current_piece=whole[1])

    def _check_stop(self) -> None:
        if self.history.closing.is_set() or self.history.stops[self.task_id].is_set():
            raise Cancelled

    def _clipped(self, span: Span) -> Span:
        """The whole intervals of a span that lie within the data; the one of the last document is not known to be whole."""
        window = self.feeding.window
        bounds = window.bounds(_ALL)
        if bounds is None:
            raise NoRun("There is no data in the time field")
        first, last = window.floor(max(span[0], bounds[0])), window.floor(min(span[1], bounds[1]))
        if first >= last or window.bounds((first, last)) is None:
            raise NoRun("There is no data in the detection date range")
        if (last - first) // window.step_ms < _LEAST:
            raise NoRun(_TOO_FEW)
        return first, last

    def _entities(self, span: Span) -> Sequence[tuple[str, int]]:
        """The tasks of the entities, each with how many documents it has."""
        if not categories(self.detector):
            return []
        found = self.feeding.window.entities(span)
        if not found:
            raise NoRun("No entity found")
        names = categories(self.detector)
        parent = every(self._documents, TASKS, {"ids": {"values": [self.task_id]}})[self.task_id]
        head = {**parent, "task_type": OF_ENTITY, "parent_task_id": self.task_id, "state": "RUNNING", "init_progress": 1.0}
        made = {
            f"{self.task_id}{at:05d}": ordered({**head, "entity": shown_entity(tuple(zip(names, values, strict=True)))})
            for at, (values, _) in enumerate(found)
        }
        write_many(self._documents, TASKS, made.items())
        return [(task_id, count) for task_id, (_, count) in zip(made, found, strict=True)]

    def _piece(self, piece: Span) -> None:
        began = self._documents.now_ms()
        seen = self.feeding.take(piece)
        origin = Origin(self.detector_id, self.detector, self.task_id, 0, began, self._documents.now_ms())
        self.feeding.tell(piece, origin)
        if not categories(self.detector) and self.detector.get("imputation_option") is None:
            self._tell_holes(piece, seen, origin)

    def _tell_holes(self, piece: Span, seen: set[int], origin: Origin) -> None:
        """Write of each interval without a value of every feature that there is none."""
        step = self.feeding.window.step_ms
        holes = [at for at in range(piece[0], piece[1], step) if at not in seen]
        if holes:
            told = "No data in current detection window"
            self.feeding.write(failure(origin, (at, at + step), told) for at in holes)

    def _end_entities(self, entities: Sequence[tuple[str, int]]) -> int:
        """End the tasks of entities; how many have failed."""
        failed = 0
        done: dict[str, Any] = {}
        now = self._documents.now_ms()
        tasks = entity_tasks(self._documents, self.task_id)
        for task_id, count in entities:
            few = count < _LEAST
            failed += few
            last = {"execution_end_time": now, "last_update_time": now, "task_progress": 1.0}
            state = {"state": "FAILED", "error": _TOO_FEW} if few else {"state": "FINISHED"}
            done[task_id] = ordered({**tasks[task_id], **last, **state})
        write_many(self._documents, TASKS, done.items())
        return failed


_TOO_FEW: Final = "There is not enough data to train model"
