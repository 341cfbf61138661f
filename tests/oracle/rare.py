"""How rare values are, as `docs/modelling.md` says it: one bucket at a time, dicts and lists only."""

import math
from dataclasses import dataclass, field

OVERDUE = 8.0
LEAST, MOST = 2.0**-3, 2.0**18.75  # ends of the lowest and the highest class of counts


@dataclass
class Value:
    count: float = 0.0
    buckets: int = 0
    seen: int = 0
    longest: int = 0


@dataclass
class Partition:
    """All values of one partition."""

    memory: float = math.inf
    buckets: float = 0.0
    filled: int = 0
    values: dict[object, Value] = field(default_factory=dict)

    def judge(self, name: object) -> tuple[float, float]:
        """ln of the chance of any value that is as rare, in a bucket; and of the same of one of its values."""
        expected, shown = self.as_rare(name), sum(value.count for value in self.values.values())
        a_bucket = max(shown / self.buckets, 1.0) if self.buckets else 1.0
        return ln_any(expected), ln_any(expected / a_bucket)

    def as_rare(self, name: object) -> float:
        """How many appearances of values that are as rare a bucket is expected to have."""
        own = self.values.get(name, Value())
        of_late = self.of_late(own)
        top = class_end(of_late + 1.0)
        as_rare = [value.count for value in self.values.values() if class_end(value.count) <= top]
        commoner = [class_end(value.count) for value in self.values.values() if class_end(value.count) > top]
        gap = math.log(min(commoner) / top) if commoner else 0.0
        changed = of_late if own.count and class_end(own.count) > top else 0.0
        return (sum(as_rare) + changed + 0.5 / (1.0 + gap)) / (self.buckets + 1.0)

    def of_late(self, value: Value) -> float:
        """The count of a value by the rate at which it comes now."""
        if not value.buckets:
            return 0.0
        absence = self.filled + 1 - value.seen
        due = OVERDUE * max(value.longest, self.buckets / value.count)
        if absence <= due:
            return value.count
        return min(value.count, max(self.buckets / absence, value.count * (due / absence) ** 2))

    def learn(self, names: set[object]) -> None:
        """A bucket has these values."""
        if self.buckets >= self.memory:
            self.buckets /= 2.0
            for value in self.values.values():
                value.count /= 2.0
        self.buckets += 1.0
        self.filled += 1
        for name in names:
            value = self.values.setdefault(name, Value())
            if value.buckets:
                value.longest = max(value.longest, self.filled - value.seen)
            value.count += 1.0
            value.buckets += 1
            value.seen = self.filled


@dataclass
class Population:
    """All members and values of one partition; a pair is (member, value)."""

    memory: float = math.inf
    buckets: float = 0.0
    shown: dict[tuple[object, object], float] = field(default_factory=dict)

    def members(self, value: object) -> set[object]:
        return {member for member, of in self.shown if of == value}

    def judge(
        self, bucket: dict[tuple[object, object], float], often: bool
    ) -> dict[tuple[object, object], tuple[float, float]]:
        """For the pairs of a bucket, given their rows: ln of the chance of any as rare in a bucket, and of one of its pairs."""
        told, here = {}, {value: {m for m, of in bucket if of == value} for _, value in bucket}
        known = {value: self.members(value) for value in {of for _, of in self.shown}}
        in_a_bucket = max(sum(self.shown.values()) / self.buckets, 1.0) if self.buckets else 1.0
        for member, value in bucket:
            top = class_end(len((known.get(value, set()) | here[value]) - {member}) + 1.0)
            ends = {of: class_end(len(members)) for of, members in known.items()}
            as_rare = sum(count for (_, of), count in self.shown.items() if ends[of] <= top)
            commoner = [end for end in ends.values() if end > top]
            gap = math.log(min(commoner) / top) if commoner else 0.0
            expected = (as_rare + 0.5 / (1.0 + gap)) / (self.buckets + 1.0)
            others = len((known.get(value, set()) | here[value]) - {member})
            most = max([others + 1, *(len(members) for members in known.values())])
            weight = (1.0 - others / most) * (how_often(bucket, member, value) if often else 1.0)
            told[member, value] = weight * ln_any(expected), weight * ln_any(expected / in_a_bucket)
        return told

    def learn(self, pairs: set[tuple[object, object]]) -> None:
        """A bucket has these pairs."""
        if self.buckets >= self.memory:
            self.buckets /= 2.0
            self.shown = {pair: count / 2.0 for pair, count in self.shown.items()}
        self.buckets += 1.0
        for pair in pairs:
            self.shown[pair] = self.shown.get(pair, 0.0) + 1.0


def how_often(bucket: dict[tuple[object, object], float], member: object, value: object) -> float:
    """The chance that one of as many rows of a member as it has values is of this one."""
    own = {of: rows for (who, of), rows in bucket.items() if who == member}
    return 1.0 - (1.0 - own[value] / sum(own.values())) ** len(own)


def ln_any(expected: float) -> float:
    return math.log(-math.expm1(-expected))


def class_end(count: float) -> float:
    """The least power of the fourth root of 2 that is not below a count."""
    end = 2.0 ** (math.ceil(4.0 * math.log2(count) - 1e-12) / 4.0)
    return min(max(end, LEAST), MOST)
