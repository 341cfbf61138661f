"""Members of one population against their peers, as `docs/modelling.md` says it: one bucket at a time, one member at a time."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, special

COUNTS, LOGARITHMIC, LINEAR = range(3)
START, START_Z, MEAN_Z = -math.log(0.05), 1.6448536269514722, 0.4182
PRIOR_TAIL = 50.0


@dataclass
class Member:
    first: int = -1
    last: int = -1
    since: int = -1
    count: float = 0.0
    seen: float = 0.0
    own: float = 0.0
    due: float = 0.0
    beyond: float = 0.0
    pushed: float = 0.0
    era: int = 0


@dataclass
class Population:
    """`side` 0 is both, 1 high, -1 low; `memory` in buckets."""

    counts: bool = False
    side: int = 0
    memory: float = 336.0
    share: float = 1.0
    hour: float = 1.0
    members: dict[int, Member] = field(default_factory=dict)
    era: int = 0
    negative: bool = False
    last: int = -1
    centre: float = 0.0
    known: float = 0.0
    square: float = 0.0
    squares: float = 0.0
    within: float = 0.0
    withins: float = 0.0
    zeros: float = 0.0
    values: float = 0.0
    count: float = 0.0
    seen: float = 0.0
    joined: float = 0.0
    hits: list[float] = field(default_factory=lambda: [0.0, 0.0])
    excess: list[float] = field(default_factory=lambda: [0.0, 0.0])
    uncensored: list[float] = field(default_factory=lambda: [0.0, 0.0])
    heavy: list[float] = field(default_factory=lambda: [0.0, 0.0])
    told: list[tuple[float, float, float]] = field(default_factory=list)
    """(weight, one over the rows, squared distance in variances) of values of which the rows are known."""

    @property
    def scale(self) -> int:
        return COUNTS if self.counts else LINEAR if self.negative else LOGARITHMIC

    def run(self, bucket: int, values: dict[int, float], rows: dict[int, float] | None = None) -> dict[int, float]:
        """Judge and learn the values of a bucket, each of so many rows; ln p by member."""
        self.rows = rows or {}
        values = {who: float(np.clip(x, -1e140, 1e140)) for who, x in values.items()}
        if not self.counts and not self.negative and min(values.values()) < 0:
            self.forget()
        here = Here(self, values)
        learnt, out = [], {}
        for who, x in values.items():
            member = self.faded(self.members.get(who, Member()), bucket)
            account = here.account(who, x, member)
            raw, above, out[who] = judge(self, account, x) if account else (0.0, None, here.more_than_nothing(x))
            evidence = out[who] * here.doubt
            goes_on = member.since >= 0 and bucket - member.last <= max(self.hour, 1.0)
            member.since = (member.since if goes_on else bucket) if evidence <= math.log(0.001) else -1
            learnt.append((who, x, member, account, raw, above))
        self.learn(bucket, here, learnt)
        return out

    def forget(self) -> None:
        kept = {"era": self.era + 1, "negative": True, "last": self.last, "seen": self.seen, "joined": self.joined}
        settings = {name: getattr(self, name) for name in ("counts", "side", "memory", "share", "hour", "members")}
        self.__init__(**settings)
        for name, value in kept.items():
            setattr(self, name, value)

    def faded(self, member: Member, bucket: int) -> Member:
        now = Member(**vars(member))
        if now.last >= 0:
            left = math.exp(-(bucket - now.last) / self.memory)
            now.seen, now.own, now.due = now.seen * left, now.own * left, now.due * left
        if now.era != self.era:
            now.own = now.due = now.pushed = 0.0
        now.era = self.era
        return now

    def learn(self, bucket: int, here: "Here", learnt: list) -> None:
        mean_seen = self.seen / self.joined if self.joined else 1.0
        if self.last >= 0:
            left = math.exp(-(bucket - self.last) / self.memory)
            self.seen, self.count = self.seen * left, self.count * left
            for name in ("hits", "excess", "uncensored", "heavy"):
                setattr(self, name, [part * left for part in getattr(self, name)])
        self.last = bucket
        weights, moved, heard = 0.0, 0.0, []
        for who, x, member, account, raw, above in learnt:
            weight = min((mean_seen + 1) / (member.seen + 1), 1.0)
            zero = self.scale == LOGARITHMIC and x == 0
            self.joined += member.count == 0
            self.values += weight
            self.count += weight
            self.zeros += weight * zero
            before, side = member.beyond, 0 if above is None or -raw <= START else 1 if above else -1
            if account is not None:
                member.beyond = side if raw <= math.log(0.001) else 0
            few = 1.0 / max(self.rows[who], 1.0) if who in self.rows else None
            if account is not None and not zero and not self.counts and few is not None:
                off = min((on_scale(self.scale, x) - account.middle) ** 2, 9 * account.all_of_rows) / account.all
                heard.append((weight, few, off))
            if account is not None and side not in (0, before):
                self.learn_tail(above, raw, weight, here.tail_means[above])
            if not zero:
                y = on_scale(self.scale, x)
                weights += weight
                moved += weight * np.clip(y, here.middle - here.reach, here.middle + here.reach)
                if account is not None:
                    self.squares += weight
                    self.square += weight * (min((y - account.middle) ** 2, here.far) - here.noise)
                    account.learn(self, member, x, y, weight)
            member.seen, member.count, member.last = member.seen + 1, member.count + 1, bucket
            member.first = bucket if member.first < 0 else member.first
            self.members[who] = member
            self.seen += 1
        for above in (0, 1):
            self.heavy[above] = float(np.clip(self.heavy[above], -20, 20))
        if weights:
            self.centre += (moved / weights - self.centre) * weights / (weights + self.known)
            self.known = min(self.known + weights, 20.0)
        self.told += heard
        total = sum(w for w, _, _ in self.told)
        if total > 2000.0:
            self.told = [(w * 2000.0 / total, few, off) for w, few, off in self.told]
        self.square, self.squares = at_most(200.0, self.square, self.squares)
        self.zeros, self.values = at_most(2000.0, self.zeros, self.values)
        self.within, self.withins = at_most(2000.0, self.within, self.withins)

    def share_of_rows(self) -> float:
        """Of the variance between members: the slope of squared distances over one over the rows, by least squares."""
        if not self.told:
            return 0.0
        w, few, off = (np.array(column) for column in zip(*self.told, strict=True))
        mean = np.average(few, weights=w)
        spread = np.average((few - mean) ** 2, weights=w)
        if spread <= 1e-6 * mean**2:
            return 0.0
        slope = np.average((few - mean) * off, weights=w) / spread
        return float(np.clip(mean * slope * w.sum() / (w.sum() + 50.0), 0.0, 1.0))

    def times(self, who: int) -> float:
        """One over the rows of a member's value, over the mean of that."""
        if who not in self.rows or not self.told:
            return 1.0
        w, few, _ = (np.array(column) for column in zip(*self.told, strict=True))
        return float(1.0 / max(self.rows[who], 1.0) / np.average(few, weights=w))

    def learn_tail(self, above: int, raw: float, weight: float, mean: float) -> None:
        z = deviations_of(-raw)
        self.hits[above] += weight
        self.excess[above] += weight * min(z - START_Z, 6.0)
        self.uncensored[above] += weight * (z - START_Z < 6.0)
        exponential = -math.log(mean) - (z - START_Z) / mean
        normal = -0.5 * z * z - 0.5 * math.log(2 * math.pi) + START
        self.heavy[above] += weight * float(np.clip(exponential - normal, -2, 2))


def at_most(most: float, total: float, of: float) -> tuple[float, float]:
    return (total * most / of, most) if of > most else (total, of)


def tail_mean(p: Population, above: int) -> float:
    return max((p.excess[above] + MEAN_Z * PRIOR_TAIL) / (p.uncensored[above] + PRIOR_TAIL), MEAN_Z)


def ln_level(y: float) -> float:
    z = max(y + math.log(2), 1e-4)
    return math.log(0.5 * (math.exp(z) - math.exp(-z * (0.82 + 0.4 * z))))


def noise(mean: float) -> float:
    return 1.2 * mean / (1 + 1.2 * mean**2)


def beyond_first(x: float) -> float:
    return max(math.floor(x + 0.5) - 1.0, 0.0)


def on_scale(scale: int, x: float) -> float:
    return math.log(beyond_first(x) + 0.5) if scale == COUNTS else math.log(x) if scale == LOGARITHMIC else x


def deviations_of(nats: float) -> float:
    return float(optimize.brentq(lambda z: special.log_ndtr(-z) + nats, 0.0, math.sqrt(2 * nats) + 1))


class Here:
    """The values of a bucket, and what was usual lately, which stands for two members."""

    def __init__(self, p: Population, values: dict[int, float]) -> None:
        self.p = p
        self.y = {who: on_scale(p.scale, x) for who, x in values.items() if not (p.scale == LOGARITHMIC and x == 0)}
        self.zeros = len(values) - len(self.y)
        self.lately = [p.centre] * 2 if p.known else []
        self.tail_means = [tail_mean(p, above) for above in (0, 1)]
        self.middle = self.far = self.reach = self.noise = self.total = 0.0
        everyone = [*self.y.values(), *self.lately]
        if not everyone:
            return
        self.middle = float(np.median(everyone))
        distance = sorted(abs(y - self.middle) for y in everyone)
        sizes = sorted(abs(y) for y in everyone if y != 0)
        self.prior = 1.0 if p.scale != LINEAR else sizes[int(0.5 * (len(sizes) - 1))] ** 2 if sizes else 0.0
        young = 2.0 * max(1 - p.squares / 30.0, 0.0)
        least = 1e-4 * (self.middle**2 if p.scale == LINEAR else 1.0)
        lately = max((p.square + young * self.prior) / max(p.squares + young, 1e-9), least)
        half, most = (distance[int(share * (len(distance) - 1))] for share in (0.5, 0.8))
        nearby = noise(max(math.exp(ln_level(self.middle)), 1.0)) if p.counts else 0.0
        widest = max((1.482602218505602 * half) ** 2, (0.7803041393 * most) ** 2, lately + nearby)
        self.far, self.reach = 9 * widest, 2 * math.sqrt(widest)
        mean = np.mean(np.clip(everyone, self.middle - self.reach, self.middle + self.reach))
        self.noise = noise(math.exp(ln_level(float(mean)))) if p.counts else 0.0
        self.total = sum(self.squared(y) for y in self.y.values())

    @property
    def doubt(self) -> float:
        return min(max((self.p.values + self.zeros + len(self.y) - 1) / 20, 0.3), 1.0)

    def share_of_zero(self, own: float) -> float:
        return (self.p.zeros + self.zeros - own + 0.05) / (self.p.values + self.zeros + len(self.y) - 1 + 0.1)

    def more_than_nothing(self, x: float) -> float:
        """ln p where nobody else has more than nothing."""
        if (
            self.p.scale != LOGARITHMIC
            or x == 0
            or len(self.y) + self.zeros + self.p.values <= 1
            or self.share_of_zero(0) <= 0.5
            or self.p.side < 0
        ):
            return 0.0
        ln_p = math.log1p(-self.share_of_zero(0))
        return min(ln_p + math.log(2), 0.0) if self.p.side == 0 else ln_p

    def squared(self, y: float) -> float:
        return min((y - self.middle) ** 2, self.far) - self.noise

    def account(self, who: int, x: float, member: Member) -> "Account | None":
        others = [*(y for other, y in self.y.items() if other != who), *self.lately]
        zero = who not in self.y
        if not others:
            return None
        if zero:
            centre = self.middle
        else:
            centre = float(np.median(others))
            centre = float(np.mean(np.clip(others, centre - self.reach, centre + self.reach)))
        own = 0.0 if zero else self.squared(self.y[who])
        return Account(self, who, member, centre, self.total - own, len(self.y) - (not zero), len(others), zero)


class Account:
    """What is usual of a member: as its peers are, and as it has been against them."""

    def __init__(
        self, here: Here, who: int, m: Member, middle: float, squares: float, peers: int, others: int, zero: bool
    ) -> None:
        p = here.p
        known = p.squares + peers
        prior = 2.0 * max(1 - known / 30.0, 0.0)
        least = 1e-4 * (here.middle**2 if p.scale == LINEAR else 1.0)
        everything = max((p.square + squares + prior * here.prior) / max(known + prior, 1e-9), least, 1e-280)
        self.w = max(min((p.within + 5.0 * everything) / (p.withins + 20.0), everything), 1e-4 * everything)
        self.b = max(everything - self.w, 0.25 * everything)
        of_centre = (everything + here.noise) / others
        self.middle = middle
        times = p.times(who)
        more = p.share_of_rows() * everything * (times - 1.0)
        self.all, self.all_of_rows = everything, everything + more
        of_within = max(self.w + more, self.w * min(times, 1.0)) - self.w if more else 0.0
        self.peers = (ln_level(middle) if p.counts else middle, math.sqrt(self.all_of_rows + of_centre))
        if p.counts:
            habit = math.log((1 / self.b + m.own) / (1 / self.b + m.due))
            self.own = (self.peers[0] + habit, math.sqrt(self.w + 1 / (1 / self.b + m.own) + of_centre))
        else:
            habit = m.own / (m.due + self.w / self.b)
            square = self.w + 1 / (1 / self.b + m.due / self.w) + of_centre
            self.own = (middle + habit, math.sqrt(square + of_within))
            self.habit = math.sqrt(min(square, square + of_within))
        self.dof = max(known, 1.0)
        self.zero = here.share_of_zero(zero) if p.scale == LOGARITHMIC else 0.0
        self.rate = [max((p.hits[a] + PRIOR_TAIL) / (0.05 * p.count + PRIOR_TAIL), 1.0) for a in (0, 1)]
        self.mean = here.tail_means
        self.heavy = [1 / (1 + math.exp(4 - p.heavy[a])) for a in (0, 1)]

    def learn(self, p: Population, m: Member, x: float, y: float, weight: float) -> None:
        centre, deviation = self.own
        if not p.counts:
            deviation = self.habit
            if m.due > 5.0:
                p.within += weight * min((y - centre) ** 2, 9 * deviation**2)
                p.withins += weight
            learnt = taken(m, y, centre - 1.25 * deviation, centre + 1.25 * deviation, p.share)
            m.own += p.share * (learnt - self.middle)
            m.due += p.share
            return
        mean, due, k = math.exp(centre), math.exp(self.peers[0]), beyond_first(x)
        spread = math.sqrt(mean + (deviation * mean) ** 2)
        if m.due > 5.0 * due:
            p.within += weight / (1 + mean**2) * (min((k - mean) ** 2, 16 * spread**2) - mean)
            p.withins += weight / (1 + mean**2) * mean**2
        told = p.share / (1 + self.w * mean)
        learnt = taken(m, k, mean - 1.25 * spread, mean + max(1.0, 1.25 * spread), p.share)
        m.own += told * learnt
        m.due += told * due


def taken(m: Member, value: float, low: float, high: float, share: float) -> float:
    """What the habit takes of a value: all of it once twenty hours were beyond it on one side."""
    side = int(value > high) - int(value < low)
    m.pushed = 0.75 * m.pushed if side == 0 else (m.pushed if side * m.pushed > 0 else 0.0) + side * share
    if side == 0 or abs(m.pushed) < 20.0:
        return float(np.clip(value, low, high))
    m.own, m.due = m.own * (1 - 0.5 * share), m.due * (1 - 0.5 * share)
    return value


def deviate(scale: int, account: tuple[float, float], x: float, above: bool) -> float:
    """By how many deviations a value is off; of a count the signed root of twice the least rate over its means."""
    centre, deviation = account
    if scale != COUNTS:
        return (on_scale(scale, x) - centre) / deviation
    k = beyond_first(x) + (-0.5 if above else 0.5)
    if k < 0:
        return -math.inf

    def rate(w: float) -> float:
        return (w - centre) ** 2 / (2 * deviation**2) + k * (math.log(k) - w) - k + math.exp(w)

    ends = sorted((centre, math.log(k)))
    least = (
        rate(optimize.brentq(lambda w: (w - centre) / deviation**2 - k + math.exp(w), *ends, xtol=1e-13))
        if ends[0] < ends[1]
        else 0.0
    )
    return math.copysign(math.sqrt(2 * max(least, 0.0)), math.log(k) - centre)


def judge(p: Population, a: Account, x: float) -> tuple[float, int | None, float]:
    """ln of the tail before calibration, the side, and ln p."""
    on = (
        (math.log(beyond_first(x)) if beyond_first(x) > 0 else -math.inf)
        if p.counts
        else x
        if p.scale == LINEAR
        else math.log(x)
        if x > 0
        else -math.inf
    )
    above = 1 if on > max(a.peers[0], a.own[0]) else 0 if on < min(a.peers[0], a.own[0]) else None
    if a.zero > 0.5:
        above = 1 if x > 0 else None
    if above is None or (p.side and above != (p.side > 0)):
        return 0.0, above, 0.0
    if p.scale == LOGARITHMIC and x <= 0:
        raw = math.log(a.zero)
    else:
        z = [deviate(p.scale, account, x, bool(above)) * (1 if above else -1) for account in (a.peers, a.own)]
        raw = max(special.log_ndtr(-one) if a.dof >= 128 else np.log(special.stdtr(a.dof, -one)) for one in z)
        if p.scale == LOGARITHMIC:
            raw += math.log1p(-a.zero)
            raw = raw if above else float(np.logaddexp(math.log(a.zero), raw))
    ln_p = calibrated(a, float(raw), above)
    return float(raw), above, min(ln_p + math.log(2), 0.0) if p.side == 0 else ln_p


def calibrated(a: Account, raw: float, above: int) -> float:
    ln_rate = math.log(a.rate[above])
    if raw > -START:
        return raw * (1 - ln_rate / START)
    exponential = -START - (deviations_of(-raw) - START_Z) / a.mean[above]
    return min(ln_rate + float(np.logaddexp(math.log1p(-a.heavy[above]) + raw, math.log(a.heavy[above]) + exponential)), 0.0)
