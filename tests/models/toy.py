"""A second kind of model, as small as one can be: what every kind needs, and nothing that only a series model has."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barograph.models import CHANGE, Description, Judged, Known, ModelConfig, Records
from barograph.models.base import Skipped
from barograph.models.skips import PLANNED, bits
from barograph.results.leaf import LEAF, Tried

STATE = np.dtype([("count", "f8"), ("mean", "f8"), ("square", "f8"), ("last", "i8")])
PAYLOAD = np.dtype([("mean", "f8"), ("width", "f8")])


def described(record, config):
    return Description(
        values=int(record["count"]),
        first_ms=None,
        last_ms=int(record["last"]) * config.bucket_span_ms if record["count"] else None,
        severity=0.0,
        sentences=(f"A toy that has seen {int(record['count'])} values.",),
    )


def known(records, config):
    return Known(series=int((records["count"] > 0).sum()))


def lately(records):
    return np.zeros(len(records))


@dataclass
class ToyModel:
    """Each value against the mean of all before it: p = 1 / (1 + z^4)."""

    RECORDS: ClassVar = Records("toys", STATE, known, lately, described)
    TOGETHER: ClassVar = False
    config: ModelConfig
    state: np.ndarray

    @classmethod
    def build(cls, config, state=None):
        return cls(config, np.zeros(0, STATE) if state is None else np.array(state["toys"], STATE))

    @classmethod
    def of_one(cls, config, state, row, newest):
        known = cls.readable(state) and row < len(state["toys"]) and state["toys"]["count"][row] > 0
        return cls(config, np.array(state["toys"][row : row + 1])) if known else None

    @classmethod
    def at_birth(cls, config, state, row, first):
        return cls(config, np.zeros(1, STATE))

    @staticmethod
    def readable(state):
        return "toys" in state and state["toys"].dtype == STATE

    def snapshot(self):
        return {"toys": self.state.copy()}

    @property
    def n_series(self):
        return len(self.state)

    def grow(self, n_series, kin=None):
        self.state = np.concatenate([self.state, np.zeros(n_series - len(self.state), STATE)])

    def advance(self, values, first_bucket_ms, *, skips=None, weights=None):
        first, planned = first_bucket_ms // self.config.bucket_span_ms, self._planned(skips, values.shape[1])
        return Judged.joined([self._bucket(values[:, t], first + t, planned[t], True) for t in range(values.shape[1])])

    def judge(self, values, bucket_ms, *, skips=None, weights=None):
        return self._bucket(values, bucket_ms // self.config.bucket_span_ms, self._planned(skips, 1)[0], False)

    @staticmethod
    def _planned(skips, buckets):
        """What planned times skip; this toy knows no rules."""
        return np.zeros(buckets, np.uint8) if skips is None else skips.planned

    @staticmethod
    def ln_p_of(payload, values):
        return -np.log1p(((values - payload["mean"]) / payload["width"]) ** 4)

    def try_values(self, values, bucket_ms, shifts=None, weight=0.0):
        alone = ToyModel(self.config, np.repeat(self.state, len(values)))
        judged = alone.judge(values, bucket_ms)
        centre, width = (float(judged.payload[name][0]) for name in ("mean", "width"))
        steps = {"this_bucket": judged.leaves["ln_evidence"].copy()}
        return Tried(judged.leaves, steps, centre, width, -math.inf, bool(self.state["count"][0] > 0))

    def expect(self, first_bucket_ms, buckets, shifts=None):
        return np.repeat(np.where(self.state["count"] > 0, self.state["mean"], np.nan)[:, None], buckets, axis=1)

    def describe(self, row):
        return described(self.state[row], self.config)

    def known(self):
        return known(self.state, self.config)

    def _payload(self):
        payload = np.zeros(len(self.state), PAYLOAD)
        payload["mean"] = self.state["mean"]
        with np.errstate(invalid="ignore"):
            spread = np.sqrt(self.state["square"] / self.state["count"])
        payload["width"] = np.where(self.state["count"] > 1, spread, 1e9) + 1e-9
        return payload

    def _bucket(self, values, bucket, planned, learn):
        payload, before = self._payload(), self.state.copy()
        ln_p = np.where(before["count"] > 0, self.ln_p_of(payload, values), np.where(np.isnan(values), np.nan, 0.0))
        chosen = np.flatnonzero(ln_p <= self.config.ln_threshold)
        leaves = np.zeros(len(chosen), LEAF)
        leaves["bucket"], leaves["series"], leaves["since"] = bucket, chosen, bucket
        leaves["ln_p"] = leaves["ln_evidence"] = ln_p[chosen]
        leaves["actual"], leaves["typical"], leaves["count"] = values[chosen], before["mean"][chosen], before["count"][chosen]
        leaves["lower"], leaves["upper"] = (leaves["typical"] + sign * 2 * payload["width"][chosen] for sign in (-1, 1))
        told, learned = ((planned & bits((action,))) == 0 for action in ("skip_result", "skip_model_update"))
        if learn and learned:
            self._learn(values, bucket)
        column, kept = ln_p[:, None], slice(None) if told else slice(0)
        evidence = column.copy() if told else np.where(np.isnan(column), np.nan, 0.0)
        skipped = leaves[:0] if told else leaves
        by = Skipped(skipped, np.full(len(skipped), PLANNED))
        return Judged(column, evidence, None, None, None, leaves[kept], payload[chosen][kept], np.zeros(0, CHANGE), by)

    def _learn(self, values, bucket):
        seen = ~np.isnan(values)
        state = self.state[seen]
        state["count"] += 1
        distance = values[seen] - state["mean"]
        state["mean"] += distance / state["count"]
        state["square"] += distance * (values[seen] - state["mean"])
        state["last"] = bucket
        self.state[seen] = state
