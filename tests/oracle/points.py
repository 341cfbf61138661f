"""Usual places of points, the slow and obvious way: lists, and a value at a time; of a series or of members of a population."""

import math
from dataclasses import dataclass, field

import numpy as np

REACH, PRIOR, MOST_DOF, KEPT, FORGOTTEN, OCCASIONS, LEAST, MOST, MOST_USUAL = 3.0, 4.0, 30.0, 1 - 1 / 2000, 0.05, 3, 8, 16, 12
RADIUS = 6371.0088


class Circle:
    dimensions = 1

    def __init__(self, period):
        self.period = period

    def distance(self, a, b):
        way = (b - a) % self.period
        return min(way, self.period - way)

    def between(self, a, b, share):
        return (a + share * ((b - a + self.period / 2) % self.period - self.period / 2)) % self.period


class Earth:
    dimensions = 2

    def distance(self, a, b):
        return RADIUS * float(np.linalg.norm(a - b))

    def between(self, a, b, share):
        p = a + share * (b - a)
        return p / np.linalg.norm(p) if np.linalg.norm(p) else a


def vector(latitude, longitude):
    up, around = math.radians(latitude), math.radians(longitude)
    return np.array([math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)])


@dataclass
class Place:
    weight: float
    middle: object
    square: float
    last: int
    occasions: int
    usual: bool
    who: frozenset

    def usual_to(self, member):
        return self.usual and (member in self.who or len(self.who) > 2)


@dataclass
class Points:
    """One series, or the members of a population: what is remembered, and how odd the next value is."""

    space: object
    scale: float
    widest: float
    teaching: int
    apart: int
    first: int = -1
    count: int = 0
    weight: float = 0.0
    away: float = 0.0
    further: float = 0.0
    newest: float = 0.0
    places: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    faded: int = -1

    def spread(self, place):
        return math.sqrt((PRIOR * self.scale**2 + place.square / self.space.dimensions) / (PRIOR + place.weight))

    def taught(self, bucket):
        return self.count >= LEAST and bucket - self.first >= self.teaching

    def p(self, x, bucket, member=0):
        usual = [place for place in self.places if place.usual_to(member)]
        if not usual or not self.taught(bucket):
            return 1.0
        z, near = min(((self.space.distance(one.middle, x) / self.spread(one), one) for one in usual), key=lambda one: one[0])
        dof = min(near.weight + 2, MOST_DOF)
        chance = (self.away + 0.5) / (self.weight + 1)
        fall = min(3.0, (max(self.away - 1, 0.0) + OCCASIONS) / (self.further + OCCASIONS / 3))
        return min(1.0, (1 + z * z / dof) ** (-dof / 2) + chance * (REACH / max(z, REACH)) ** fall)

    def learn_away(self, x, member, share):
        z = [self.space.distance(one.middle, x) / self.spread(one) for one in self.places if one.usual_to(member)]
        self.away += share
        self.further += self.newest
        self.newest = share * math.log(max(min(z, default=0.0), REACH) / REACH)

    def fade(self, bucket):
        """Once in each bucket that has a value."""
        if bucket == self.faded:
            return
        self.faded = bucket
        self.weight, self.away, self.further = self.weight * KEPT, self.away * KEPT, self.further * KEPT
        for place in self.places:
            place.weight *= KEPT
            place.square *= KEPT
        self.places = [place for place in self.places if place.weight >= FORGOTTEN]

    def learn(self, x, bucket, member=0):
        if self.count == 0:
            self.first = bucket
        teaching = not self.taught(bucket)
        self.fade(bucket)
        own = self.counts.setdefault(member, 0)
        share = min((self.count / len(self.counts) + 1) / (own + 1), 1.0)
        self.weight += share
        self.count += 1
        self.counts[member] = own + 1
        found = [(self.space.distance(one.middle, x), self.spread(one), one) for one in self.places]
        found = [(d / spread, one) for d, spread, one in found if d <= min(REACH * spread, 2 * max(self.widest, spread))]
        if not found:
            if not teaching:
                self.learn_away(x, member, share)
            if len(self.places) == MOST:
                self.make_room(bucket)
            self.places.append(Place(1.0, x, 0.0, bucket, 1, teaching, frozenset([member])))
            return
        place = min(found, key=lambda one: one[0])[1]
        before = self.space.distance(place.middle, x)
        place.weight += 1
        place.middle = self.space.between(place.middle, x, 1 / place.weight)
        place.square += before * self.space.distance(place.middle, x)
        occasion = bucket - place.last >= self.apart
        if not teaching and not place.usual_to(member) and (occasion or place.usual):
            self.learn_away(x, member, share)
        place.who |= {member}
        if occasion:
            place.last, place.occasions = bucket, place.occasions + 1
            place.usual |= place.occasions >= OCCASIONS
        self.merge_overlapping(place)

    def together(self, a, b):
        d, weight = self.space.distance(a.middle, b.middle), a.weight + b.weight
        square = a.square + b.square + a.weight * b.weight / weight * d * d
        middle = self.space.between(a.middle, b.middle, b.weight / weight)
        return Place(
            weight, middle, square, max(a.last, b.last), max(a.occasions, b.occasions), a.usual or b.usual, a.who | b.who
        )

    def merge(self, a, b):
        """The one that came later goes into the other."""
        at, gone = sorted(next(i for i, one in enumerate(self.places) if one is which) for which in (a, b))
        self.places[at] = self.together(a, b)
        del self.places[gone]

    def merge_overlapping(self, place):
        for other in self.places:
            if other is place or other.usual != place.usual or (len(other.who) > 2) != (len(place.who) > 2):
                continue
            near = 2 * self.space.distance(place.middle, other.middle) <= REACH * (self.spread(place) + self.spread(other))
            if near and self.spread(self.together(place, other)) <= self.widest:
                self.merge(place, other)
                return

    def make_room(self, bucket):
        usual = [place for place in self.places if place.usual]
        if len(usual) <= MOST_USUAL:
            seldom = [place for place in self.places if not place.usual]
            gone = max(seldom, key=lambda one: (bucket - one.last) / one.occasions)
            self.places = [place for place in self.places if place is not gone]
            return
        pairs = [(a, b) for i, a in enumerate(usual) for b in usual[i + 1 :]]
        self.merge(*min(pairs, key=lambda pair: self.loss(*pair)))

    def loss(self, a, b):
        return a.weight * b.weight / (a.weight + b.weight) * self.space.distance(a.middle, b.middle) ** 2
