"""The rules that are kept, and what is muted of them."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from barograph.config.alert_rule import AlertRule
from barograph.config.errors import Conflict, NotFound
from barograph.store import alert_standings, documents
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


_Known = dict[str, KeptRule]


class Rules:
    """The rules of a store. Any process may change them."""

    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._seen: tuple[str | None, dict[str, KeptRule]] = (None, {})

    def all(self) -> dict[str, KeptRule]:
        """All rules, by id. They are read again only when somebody has changed one."""
        version = self._store.document(KIND, _VERSION)
        if version is not None and version == self._seen[0]:
            return self._seen[1]
        kept = self._store.documents(KIND)
        found = _of(kept)
        self._seen = (kept.get(_VERSION), found)
        return found

    def get(self, rule_id: str) -> KeptRule:
        """One of them.

        Raises:
            NotFound: there is none of this id.
        """
        found = self.all().get(rule_id)
        if found is None:
            raise _no_rule(rule_id)
        return found

    def create(self, rule: AlertRule) -> KeptRule:
        """Keep a new rule; it judges what comes from now on.

        Raises:
            Conflict: there is one of its id.
        """

        def made(known: _Known) -> Iterator[KeptRule]:
            if known:
                raise Conflict(f"rule_id={rule.rule_id!r}: wanted an id that no rule has")
            yield KeptRule(rule, self._now_ms())

        return self._change([rule.rule_id], made)[0]

    def put_all(self, rules: list[AlertRule]) -> list[KeptRule]:
        """Keep rules, all or none, instead of those of their ids; what is muted of them stays so."""

        def put(known: _Known) -> Iterator[KeptRule]:
            for rule in rules:
                before = known.get(rule.rule_id)
                yield KeptRule(rule, self._now_ms(), () if before is None else before.mutes)

        return self._change([rule.rule_id for rule in rules], put)

    def change(self, rule: AlertRule) -> KeptRule:
        """Keep a rule instead of the one of its id.

        Raises:
            NotFound: there is none of this id.
        """
        return self._change_one(rule.rule_id, lambda kept: replace(kept, rule=rule, modified_ms=self._now_ms()))

    def delete(self, rule_id: str) -> None:
        """Remove a rule; what it has raised and is active becomes untracked.

        Raises:
            NotFound: there is none of this id.
        """

        def removed(known: dict[str, str]) -> dict[str, str | None]:
            if not known:
                raise _no_rule(rule_id)
            return {rule_id: None, _VERSION: uuid.uuid4().hex}

        self._store.change_documents(KIND, [rule_id], removed)

    def mute(self, rule_id: str, mute: Mute) -> KeptRule:
        """Tell nobody of a rule, or of one entity of it, instead of what was said of that before. Raises as `get`."""
        return self._change_mutes(rule_id, mute.entity, (mute,))

    def unmute(self, rule_id: str, entity: dict[str, str]) -> KeptRule:
        """Take a mute back; without one nothing changes. Raises as `get`."""
        return self._change_mutes(rule_id, entity, ())

    def _change_mutes(self, rule_id: str, entity: dict[str, str], instead: tuple[Mute, ...]) -> KeptRule:
        now = self._now_ms()

        def muted(kept: KeptRule) -> KeptRule:
            others = (mute for mute in kept.mutes if mute.entity != entity and mute.holds(mute.entity, now))
            return replace(kept, mutes=(*others, *instead))

        return self._change_one(rule_id, muted)

    def _change_one(self, rule_id: str, change: Callable[[KeptRule], KeptRule]) -> KeptRule:
        """Change a rule that is there. Raises as `get`."""

        def changed(known: _Known) -> Iterator[KeptRule]:
            if not known:
                raise _no_rule(rule_id)
            yield change(known[rule_id])

        return self._change([rule_id], changed)[0]

    def _change(self, rule_ids: Sequence[str], change: Callable[[_Known], Iterator[KeptRule]]) -> list[KeptRule]:
        """Keep what becomes of the rules of some ids that are there. Another process changes none of them in between."""
        kept: list[KeptRule] = []

        def bodies(known: dict[str, str]) -> dict[str, str | None]:
            kept.extend(change({rule_id: KeptRule.of(body) for rule_id, body in known.items()}))
            return {**{one.rule.rule_id: one.body() for one in kept}, _VERSION: uuid.uuid4().hex}

        with self._store.changing_documents(KIND) as connection:
            if not any(one.rule.enabled for one in _of(documents.of_kind(connection, KIND)).values()):
                alert_standings.begin(connection)  # without a rule nothing is judged: what is there already is not news
            documents.change(connection, KIND, rule_ids, bodies)
        return kept


def _of(bodies: dict[str, str]) -> _Known:
    return {rule_id: KeptRule.of(body) for rule_id, body in bodies.items() if rule_id != _VERSION}


def _no_rule(rule_id: str) -> NotFound:
    return NotFound(f"rule_id={rule_id!r}: wanted the id of a rule")
