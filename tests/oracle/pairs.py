"""What series lead to expect of each other, the slow and obvious way: dicts, and a bucket at a time."""

import math
from itertools import combinations

MOST, ENOUGH, LEAST, CLIP, FAR, MOST_SQUARES = 32, 48, 0.5, 3.0, 6.0, 25.0


def clip(x, most):
    return min(max(x, -most), most)


class Partition:
    """Series of one partition: {name: how far it is off in a bucket}."""

    def __init__(self, memory):
        self.memory = memory
        self.series = []
        self.pairs = {}  # (one, other): [count, square of one, square of other, product]
        self.rest = {}  # name: [count, mean square of what others leave]

    def gain(self, count):
        return max(1 / (count + 1), 1 / self.memory)

    def see(self, names):
        for name in names:
            self.rest.setdefault(name, [0, 0.0])
            if name not in self.series and len(self.series) < MOST:
                self.series.append(name)
        for pair in combinations(self.series, 2):
            self.pairs.setdefault(pair, [0, 0.0, 0.0, 0.0])

    def expected(self, name, off):
        """(what the two in the middle say, how far off the only one is, who is closest to it); None: nobody says."""
        says = []
        for (one, other), (count, a, b, product) in self.pairs.items():
            if name not in (one, other) or count < ENOUGH or a * b <= 0:
                continue
            who, correlation = other if one == name else one, product / math.sqrt(a * b)
            if who in off and abs(correlation) >= LEAST:
                says.append((abs(correlation), who, correlation * clip(off[who], FAR)))
        if not says:
            return None
        rival = abs(off[says[0][1]]) if len(says) == 1 else 0.0
        closest = max(says, key=lambda one: (one[0], -self.series.index(one[1])))[1]
        said = sorted(one[2] for one in says)
        return (said[(len(said) - 1) // 2], said[len(said) // 2]), rival, closest

    def learn(self, off):
        said = {name: self.expected(name, off) for name in off}
        for (one, other), pair in self.pairs.items():
            if one in off and other in off:
                a, b = clip(off[one], CLIP), clip(off[other], CLIP)
                for i, product in enumerate((a * a, b * b, a * b), 1):
                    pair[i] += self.gain(pair[0]) * (product - pair[i])
                pair[0] += 1
        for name, what in said.items():
            if what is not None:
                count, square = self.rest[name]
                most = MOST_SQUARES * square if count >= ENOUGH else FAR**2
                rest = min(*((off[name] - one) ** 2 for one in what[0]), most)
                self.rest[name] = [count + 1, square + self.gain(count) * (rest - square)]
