"""A process that judges and sends, and is killed at a step: between a result and its alert, or between sending and noting."""

import os
import signal
import sys
from pathlib import Path

from barograph.alerts.service import Alerts
from barograph.config.channels import WebhookChannel
from barograph.jobs.service import Service
from barograph.store import alert_events, alert_outbox


def main(path: str, url: str, now_ms: str, step: str) -> None:
    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if step == "judging":
        alert_events.add_events = killed  # inside the transaction that raises
    elif step == "sending":
        alert_outbox.delivered = killed  # the receiver has it; nobody has noted that
    with Service.open(None, Path(path), create=False) as service:
        service._now = lambda: int(now_ms) / 1000
        Alerts(service, {"hook": WebhookChannel(webhook=url)}).run_once()


if __name__ == "__main__":
    main(*sys.argv[1:])
