"""The rules that are kept, and what is muted of them."""

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from threading import RLock
from typing import Any, Final

from barograph.config.alert_rule import AlertRule
from barograph.config.errors import Conflict, NotFound
from barograph.store import alerts
from barograph.store.store import Store

KIND: Final = "alert_rule"
_VERSION: Final = ""  # no rule has this id

UNTIL_UNMUTED: Final = -1
"""Instead of a time: until somebody says otherwise."""


@dataclass(frozen=True)
class Mute:
    """What is not told of a rule: all of it, or what is of one entity; until when, epoch ms on the wall clock."""

    entity: dict[str, str]
    until: int = UNTIL_UNMUTED

    def holds(self, entity: dict[str, str], now_ms: int) -> bool:
        """Whether it keeps an alert of an entity quiet at a time."""
        return (self.until == UNTIL_UNMUTED or now_ms < self.until) and self.entity.items() <= entity.items()


@dataclass(frozen=True)
class KeptRule:
    """A rule with what is muted of it, and when it was last changed (epoch ms, wall clock)."""

    rule: AlertRule
    modified_ms: int
    mutes: tuple[Mute, ...] = ()

    @classmethod
    def of(cls, body: str) -> "KeptRule":
        """What was kept."""
        kept = json.loads(body)
        return cls(AlertRule.model_validate(kept["rule"]), kept["modified_ms"], tuple(Mute(**mute) for mute in kept["mutes"]))

    def body(self) -> str:
        """As it is kept."""
        rule: dict[str, Any] = self.rule.model_dump(mode="json")
        return json.dumps({"rule": rule, "modified_ms": self.modified_ms, "mutes": [asdict(mute) for mute in self.mutes]})


class Rules:
    """The rules of a store. Any process may change them; `version` tells whether somebody has."""

    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._changing = RLock()
        self._seen: tuple[str | None, dict[str, KeptRule]] = (None, {})

    def all(self) -> dict[str, KeptRule]:
        """All rules, by id. They are read again only when somebody has changed one."""
        version = self._store.document(KIND, _VERSION)
        if version is not None and version == self._seen[0]:
            return self._seen[1]
        kept = self._store.documents(KIND)
        found = {rule_id: KeptRule.of(body) for rule_id, body in kept.items() if rule_id != _VERSION}
        self._seen = (kept.get(_VERSION), found)
        return found

    def get(self, rule_id: str) -> KeptRule:
        """One of them.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.all().get(rule_id)
        if found is None:
            raise NotFound(f"rule_id={rule_id!r}: wanted the id of a rule")
        return found

    def create(self, rule: AlertRule) -> KeptRule:
        """Keep a new rule; it judges what comes from now on.

        Raises:
            Conflict: there is one of its id.
        """
        with self._changing:
            if rule.rule_id in self.all():
                raise Conflict(f"rule_id={rule.rule_id!r}: wanted an id that no rule has")
            return self._put([KeptRule(rule, self._now_ms())])[0]

    def put_all(self, rules: list[AlertRule]) -> list[KeptRule]:
        """Keep rules, all or none, instead of those of their ids; what is muted of them stays so."""
        with self._changing:
            known = self.all()
            mutes = [known[rule.rule_id].mutes if rule.rule_id in known else () for rule in rules]
            return self._put([KeptRule(rule, self._now_ms(), muted) for rule, muted in zip(rules, mutes, strict=True)])

    def change(self, rule: AlertRule) -> KeptRule:
        """Keep a rule instead of the one of its id.

        Raises:
            NotFound: there is none of this id.
        """
        self.get(rule.rule_id)
        return self.put_all([rule])[0]

    def delete(self, rule_id: str) -> None:
        """Remove a rule; what it has raised and is active becomes untracked.

        Raises:
            NotFound: there is none of this id.
        """
        with self._changing:
            self.get(rule_id)
            self._store.delete_documents(KIND, [rule_id])
            self._store.put_document(KIND, _VERSION, uuid.uuid4().hex)

    def mute(self, rule_id: str, mute: Mute) -> KeptRule:
        """Tell nobody of a rule, or of one entity of it, instead of what was said of that before. Raises as `get`."""
        return self._change_mutes(rule_id, mute.entity, (mute,))

    def unmute(self, rule_id: str, entity: dict[str, str]) -> KeptRule:
        """Take a mute back; without one nothing changes. Raises as `get`."""
        return self._change_mutes(rule_id, entity, ())

    def _change_mutes(self, rule_id: str, entity: dict[str, str], instead: tuple[Mute, ...]) -> KeptRule:
        with self._changing:
            kept = self.get(rule_id)
            now = self._now_ms()
            others = (mute for mute in kept.mutes if mute.entity != entity and mute.holds(mute.entity, now))
            return self._put([replace(kept, mutes=(*others, *instead))])[0]

    def _put(self, kept: list[KeptRule]) -> list[KeptRule]:
        if not any(one.rule.enabled for one in self.all().values()):
            self._begin()
        bodies = {one.rule.rule_id: one.body() for one in kept}
        self._store.put_documents(KIND, {**bodies, _VERSION: uuid.uuid4().hex})
        return kept

    def _begin(self) -> None:
        """Nothing has been judged while there was no rule: results that are there already are not news."""
        with self._store.writing() as connection:
            standing = alerts.standings(connection)
            spans = alerts.bucket_spans(connection)
            told = [(one.job_id, one.commits, one.until_ms(spans[one.job_id])) for one in standing]
            alerts.begin_at(connection, told)
