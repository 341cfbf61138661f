"""Delivery: takes messages out of the outbox, sends them, and notes that; what fails is tried again, ever more rarely.

A message is noted as sent after it was sent: one that is killed in between sends it again, under the same id.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from barograph.alerts.senders import Send, SendFailed, sender, sent
from barograph.config.channels import Channel
from barograph.config.duration import DAY_MS
from barograph.store import alert_outbox
from barograph.store.alert_rows import AlertEvent, OutMessage
from barograph.store.store import Store

FIRST_PAUSE_MS: Final = 5_000
LONGEST_PAUSE_MS: Final = 15 * 60_000
GIVEN_UP_MS: Final = DAY_MS
"""A message that could not be sent for so long is given up: whoever has to know has looked by then."""

_AT_ONCE: Final = 50
"""Messages of a channel in one round. Chosen: a channel that is back does not keep the others waiting for long."""
_THREADS: Final = 4


class Delivery:
    """Sends over all channels; of one channel a message at a time, those of an alert in the order in which they were made."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        now_ms: Callable[[], int],
        make: Callable[[Channel], Send] = sender,
    ) -> None:
        self._store, self._now_ms = store, now_ms
        self._channels, self._make = channels, make  # there may be more of them later
        self._busy: dict[str, Future[int]] = {}
        self._paused: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="alerts")

    def step(self) -> int:
        """Send what is due, and wait until all of that is sent or its channel has failed; returns how many were sent.

        What is for channels that are not known here waits on: a server may know them.
        """
        sent, but = 0, self._unknown()
        while self.start(but):
            sent += sum(future.result() for future in list(self._busy.values()))
            but |= self._busy.keys() & self._paused.keys()
        return sent

    def _unknown(self) -> set[str]:
        with self._store.reading() as connection:
            waiting = alert_outbox.waiting_for(connection)
        unknown = waiting.keys() - self._channels.keys()
        for name in sorted(unknown):
            structlog.get_logger().warning(
                "alert.waits", channel=name, messages=waiting[name], why="no channel of this name here"
            )
        return unknown

    def start(self, but: Iterable[str] = ()) -> int:
        """Have what is due sent by channels that are not at it already. Does not wait: a dead channel holds up no other.

        Args:
            but: channels to leave alone.

        Returns:
            How many messages were handed to channels.

        Raises:
            StorageFailure: the database failed.
        """
        for future in [self._busy.pop(name) for name, future in list(self._busy.items()) if future.done()]:
            if (error := future.exception()) is not None:  # what it had is still in the outbox
                structlog.get_logger().error("alert.not_sent", error=str(error))
        now = self._now_ms()
        waiting = {name for name, until in self._paused.copy().items() if until > now}  # threads change it meanwhile
        with self._store.reading() as connection:
            due = alert_outbox.due_first(connection, now, _AT_ONCE, self._busy.keys() | waiting | set(but))
        of_channel: dict[str, list[OutMessage]] = {}
        for message in due:
            of_channel.setdefault(message.channel, []).append(message)
        for name, messages in of_channel.items():
            self._busy[name] = self._pool.submit(self._send_all, name, messages)
        return len(due)

    def close(self) -> None:
        """Take nothing more, and wait for what is being sent."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _send_all(self, name: str, messages: list[OutMessage]) -> int:
        """Send messages of one channel until one fails; what was not tried stays due."""
        sent = 0
        for message in messages:
            with self._store.reading() as connection:
                if not alert_outbox.is_waiting(connection, message.message_id):  # somebody has acknowledged its alert meanwhile
                    continue
            try:
                detail = self._send(name, message)
            except SendFailed as error:
                self._failed(message, str(error))
                return sent
            with self._store.writing() as connection:
                said = AlertEvent(message.alert_id, self._now_ms(), "sent", f"{_event(message)} over {name}: {detail}")
                alert_outbox.delivered(connection, message, said)
            self._paused.pop(name, None)
            sent += 1
        return sent

    def _send(self, name: str, message: OutMessage) -> str:
        if name not in self._channels:
            raise SendFailed(f"there is no channel {name!r}: wanted one of {', '.join(list(self._channels))}")
        return sent(self._make(self._channels[name]), message.body.encode())

    def _failed(self, message: OutMessage, why: str) -> None:
        now = self._now_ms()
        log = structlog.get_logger()
        pause = min(FIRST_PAUSE_MS << min(message.attempts, 20), LONGEST_PAUSE_MS)
        self._paused[message.channel] = now + min(FIRST_PAUSE_MS, pause)
        with self._store.writing() as connection:
            if now - message.created_ms < GIVEN_UP_MS:
                log.warning("alert.not_sent", id=message.message_id, why=why, again_in_s=pause / 1000)
                alert_outbox.again(connection, message, now + pause)
                return
            log.error("alert.given_up", id=message.message_id, why=why)
            said = AlertEvent(message.alert_id, now, "failed", f"{_event(message)} over {message.channel} given up: {why}")
            alert_outbox.delivered(connection, message, said)


def _event(message: OutMessage) -> str:
    """What of its alert a message tells: that it was raised, got worse or is over."""
    return str(json.loads(message.body)["what"])
