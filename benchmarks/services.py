"""Made services that call each other, of which one breaks: is it among the first that incidents name?

    python benchmarks/services.py [--incidents 100] [--seed 1]

An incident is a shop of its own: thirty services in layers and what stands before some of them, two days of five minutes in
which nothing happens, then half an hour in which one breaks. Callers wait for what they call. A call that fails fails the
caller, or is masked, or is tried again twice after a wait. A fifth of the services has moved to another level since.
Job and ranking are those of `petshop.py`, and were chosen by these.
"""

import argparse
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from petshop import SPAN, ranking

from barograph.results.arrays import Floats, Ints

SERVICES: Final = 30
NORMAL: Final = 577
ISSUE: Final = 6
"""Buckets of two days and of the issue."""

BREAKS: Final = 3
"""The bucket of the issue in which something breaks."""

SAMPLES: Final = 150
"""Requests of a bucket that are looked at, at most."""

KINDS: Final = {"slower calls": 0.3, "errors": 0.35, "slower throughout": 0.15, "time-outs": 0.15, "more calls": 0.05}
PERCENTILES: Final = (50, 90, 95, 99)


@dataclass(frozen=True)
class Call:
    """What a service asks of another: for which share of its requests, the failures it masks, its wait before another try."""

    to: int
    share: float
    masked: float = 0.0
    wait_ms: float = 0.0


@dataclass(frozen=True)
class Shop:
    """Services [n]: what they call, callers before callees in `order`, and what they are like."""

    calls: list[list[Call]]
    order: list[int]
    own_ms: Floats
    spread: Floats
    common: Floats
    errors: Floats
    visits: float


@dataclass(frozen=True)
class Fault:
    """What breaks: of a share of requests, within the first bucket after so much of it."""

    service: int
    kind: str
    share: float
    delay_ms: float
    factor: float
    after: float

    def there(self, buckets: int) -> Floats:
        """How much of each bucket [t, 1] it is there."""
        share: Floats = np.clip(np.arange(buckets) + 1.0 - BREAKS - self.after, 0.0, 1.0)
        return share[:, None]


def between(random: np.random.Generator, low: float, high: float, n: int) -> Floats:
    """As many numbers [n] of all orders of magnitude between two."""
    return np.asarray(np.exp(random.uniform(np.log(low), np.log(high), n)))


def shop(random: np.random.Generator) -> Shop:
    """Services in layers; before a quarter of them stands another that passes everything on."""
    layer = np.sort(random.integers(1, 5, SERVICES))
    layer[0] = 0
    calls: list[list[Call]] = [[] for _ in range(SERVICES)]
    fronted = random.choice(np.arange(1, SERVICES), SERVICES // 4, replace=False)
    front = {int(service): SERVICES + at for at, service in enumerate(fronted)}
    for to in range(1, SERVICES):
        above = np.flatnonzero((layer < layer[to]) & (layer >= layer[to] - 2))
        above = above if len(above) else np.flatnonzero(layer < layer[to])
        for caller in random.choice(above, min(len(above), 1 + int(random.random() < 0.35)), replace=False):
            wait_ms = between(random, 30.0, 1000.0, 1)[0] * (random.random() < 0.5)
            calls[caller].append(
                Call(front.get(to, to), random.uniform(0.3, 1.0), random.choice([0.0, 0.0, 0.5, 1.0]), wait_ms)
            )
    calls += [[Call(service, 1.0)] for service in front]
    n, fronts = len(calls), len(front)
    errors = np.where(random.random(SERVICES) < 0.7, 0.0, between(random, 2e-5, 5e-3, SERVICES))
    return Shop(
        calls,
        _callers_first(calls),
        own_ms=np.concatenate([between(random, 2.0, 150.0, SERVICES), between(random, 0.5, 3.0, fronts)]),
        spread=random.uniform(0.1, 0.8, n),
        common=random.uniform(0.0, 0.15, n),
        errors=np.concatenate([errors, np.zeros(fronts)]),
        visits=between(random, 60.0, 1500.0, 1)[0],
    )


def _callers_first(calls: list[list[Call]]) -> list[int]:
    done: dict[int, None] = {}

    def visit(service: int) -> None:
        if service not in done:
            for call in calls[service]:
                visit(call.to)
            done[service] = None

    for service in range(len(calls)):
        visit(service)
    return list(done)[::-1]


def requests(random: np.random.Generator, made: Shop, buckets: int, fault: Fault | None) -> tuple[Any, Any, dict[Any, Floats]]:
    """How long requests of each service and bucket took and whether they failed [t, SAMPLES], and retries."""
    shape = (buckets, SAMPLES)
    took: dict[int, Floats] = {}
    failed: dict[int, np.ndarray[Any, np.dtype[np.bool_]]] = {}
    retries: dict[tuple[int, int], Floats] = {}
    row = np.arange(buckets)[:, None]
    for service in reversed(made.order):
        noise = random.normal(0.0, made.spread[service], shape) + random.normal(0.0, made.common[service], (buckets, 1))
        own, fails = made.own_ms[service] * np.exp(noise), random.random(shape) < made.errors[service]
        if fault is not None and fault.service == service:
            own, fails = _broken(random, fault, own, fails)
        early = fails & (random.random(shape) < 0.7)  # before it has called anybody
        for call in made.calls[service]:
            asks, which = (random.random(shape) < call.share) & ~early, random.integers(0, SAMPLES, shape)
            own = own + np.where(asks, took[call.to][row, which], 0.0)
            bad = asks & failed[call.to][row, which]
            for wait_ms in (call.wait_ms, 2 * call.wait_ms) if call.wait_ms else ():
                which = random.integers(0, SAMPLES, shape)
                own = own + np.where(bad, wait_ms + took[call.to][row, which], 0.0)
                key = (service, call.to)
                retries[key] = retries.get(key, np.zeros(buckets)) + bad.mean(axis=1)
                bad = bad & failed[call.to][row, which]
            bad = bad & (random.random(shape) >= call.masked)
            fails, early = fails | bad, early | bad
        took[service], failed[service] = own, fails
    return took, failed, retries


def _broken(random: np.random.Generator, fault: Fault, own: Floats, fails: Any) -> tuple[Floats, Any]:
    there = fault.there(len(own))
    hit, during = (random.random(own.shape) < share * there for share in (fault.share, 1.0))
    if fault.kind == "errors":
        return np.where(hit, 0.3 * own, own), fails | hit
    if fault.kind == "time-outs":
        return np.where(hit, own + fault.delay_ms, own), fails | hit
    if fault.kind == "slower calls":
        return np.where(hit, own + fault.delay_ms, own), fails
    return np.where(during, own * fault.factor, own), fails


def counts(random: np.random.Generator, made: Shop, failed: Any, retries: dict[Any, Floats], fault: Fault | None) -> Ints:
    """Requests of each bucket and service [t, n]."""
    buckets = len(failed[0])
    rate = np.zeros((buckets, len(made.calls)))
    rate[:, 0] = made.visits * np.exp(random.normal(0.0, 0.1, buckets))
    out = np.zeros(rate.shape, np.int64)
    for service in made.order:
        if fault is not None and fault.kind == "more calls" and fault.service == service:
            rate[:, service] *= 1.0 + (fault.factor - 1.0) * fault.there(buckets)[:, 0]
        out[:, service] = random.poisson(rate[:, service])
        called = 1.0 - 0.7 * failed[service].mean(axis=1)
        for call in made.calls[service]:
            again = retries.get((service, call.to), np.zeros(buckets))
            rate[:, call.to] += out[:, service] * (call.share * called + again)
    return out


def rows(random: np.random.Generator, made: Shop, buckets: int, fault: Fault | None, names: Ints) -> pl.DataFrame:
    """As `petshop.rows`."""
    took, failed, retries = requests(random, made, buckets, fault)
    count = counts(random, made, failed, retries, fault)
    time, frames = (np.arange(buckets) + 1) * SPAN, []
    for service in made.order:
        some = count[:, service] > 0
        seen = np.arange(SAMPLES) < count[some, service, None]
        latency, fails = (np.where(seen, of[service][some], np.nan) for of in (took, failed))
        values = {("latency", "mean"): np.nanmean(latency, 1), ("availability", "mean"): 100.0 * (1.0 - np.nanmean(fails, 1))}
        percentiles = np.nanpercentile(latency, PERCENTILES, 1)
        values |= {("latency", f"p{at}"): value for at, value in zip(PERCENTILES, percentiles, strict=True)}
        for (metric, statistic), value in values.items():
            frames.append(pl.DataFrame({"time": time[some], "service": service, "statistic": statistic, metric: value}))
        sums = {"time": time, "service": service, "statistic": "sum", "requests": count[:, service].astype(float)}
        frames.append(pl.DataFrame(sums))
    component = pl.col("service").replace_strict(range(len(names)), [f"s{name:02}" for name in names])
    return pl.concat(frames, how="diagonal").sort("time", maintain_order=True).with_columns(component=component).drop("service")


def incident(seed: int) -> tuple[pl.DataFrame, pl.DataFrame, int, str, str]:
    """The two days, the issue, when it was alerted, the component that broke, and how."""
    random = np.random.default_rng(seed)
    made = shop(random)
    names = random.permutation(len(made.calls))
    normal = rows(random, made, NORMAL, None, names)
    moved = np.where(random.random(len(names)) < 0.2, np.exp(random.normal(0.0, 0.6, len(names))), 1.0)
    now = replace(made, own_ms=made.own_ms * moved, visits=made.visits * np.exp(random.normal(0.0, 0.1)))
    kind = str(random.choice(list(KINDS), p=list(KINDS.values())))
    share, delay_ms, factor = (between(random, *reach, 1)[0] for reach in ((0.03, 1.0), (30.0, 3000.0), (2.0, 10.0)))
    fault = Fault(int(random.integers(1, SERVICES)), kind, share, delay_ms, factor, random.random())
    issue = rows(random, now, ISSUE, fault, names).with_columns(pl.col("time") + NORMAL * SPAN)
    alert = int((NORMAL + BREAKS + fault.after) * SPAN + random.uniform(60.0, 420.0))
    return normal, issue, alert, f"s{names[fault.service]:02}", kind


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--incidents", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    ranks: dict[str, list[float]] = {"all": []}
    for seed in range(args.seed * 1000, args.seed * 1000 + args.incidents):
        normal, issue, alert, broken, kind = incident(seed)
        order = ranking(normal, issue, alert)
        rank = order.index(broken) + 1.0 if broken in order else np.inf
        for what in ("all", kind):
            ranks.setdefault(what, []).append(rank)
    print("| what broke | incidents | first | among three | mean reciprocal rank |\n| --- | --- | --- | --- | --- |")
    for what, each in ranks.items():
        of = np.array(each)
        print(f"| {what} | {len(of)} | {(of == 1).mean():.2f} | {(of <= 3).mean():.2f} | {(1 / of).mean():.3f} |")


if __name__ == "__main__":
    main()
