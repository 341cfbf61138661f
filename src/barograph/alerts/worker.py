"""The worker of alerts: judges what jobs have committed, and sends what is due, beside the jobs and never in their way."""

import threading
from typing import Final

import structlog

from barograph.alerts.delivery import Delivery
from barograph.alerts.judge import Judge
from barograph.store.store import Store

PAUSE_S: Final = 1.0
"""Between two looks. Chosen: a person does not notice it, and a look at a thousand quiet jobs costs some milliseconds."""


class AlertWorker:
    """A thread of its own, from `start` to `close`."""

    def __init__(self, store: Store, judge: Judge, delivery: Delivery) -> None:
        self._store, self._judge, self._delivery = store, judge, delivery
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, when what is being judged or sent is done."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._delivery.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._store.lock_alerts() as is_ours:
                    while is_ours and not self._stop.wait(PAUSE_S):
                        self._judge.step()
                        self._delivery.start()
            except Exception as error:  # whatever it is, what was not written is judged and sent again
                structlog.get_logger().error("alerts.failed", error=str(error))
            self._stop.wait(PAUSE_S)
