"""The categories of messages as `docs/categories.md` says them: one message at a time, lists and strings only."""

import re
from dataclasses import dataclass, field

_UNITS = """b kb mb gb tb kib mib gib byte bytes k m g us ms s sec secs second seconds min mins minute minutes h hour hours day
days ns nanoseconds milliseconds microseconds msec usec nsec hz khz mhz ghz bps kbps mbps gbps percent"""
_NO_NAMES = """is was has have had are were be been not does did do can cannot could may might must will would unknown and or
but in on at by for from to of with as"""
UNITS, NO_NAMES = set(_UNITS.split()), set(_NO_NAMES.split())
NAMERS = {"user", "username", "host", "hostname"}
LETTER = r"[A-Za-z\x80-\U0010ffff]"
ALNUM = r"[A-Za-z0-9\x80-\U0010ffff]"
ADDRESS = re.compile(rf"[0-9a-fA-F]{{1,4}}(?:::?[0-9a-fA-F]{{1,4}}(?!{ALNUM})){{3,}}")
TOKEN = re.compile(r"[A-Za-z0-9/\\\x80-\U0010ffff](?:[A-Za-z0-9/\\_.\-\x80-\U0010ffff]*[A-Za-z0-9/\\_\x80-\U0010ffff])?")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MOST_TOKENS, SIBLINGS = 100, 8
NAME, WORD, OPEN = 0, 1, 2
WEIGHT = {NAME: 7, WORD: 10, OPEN: 10}
COST = {NAME: 7, WORD: 20, OPEN: 0}


def tokens(text: str, stop: set[str] = frozenset()) -> list[str]:
    """What `ml_standard` makes of a line."""
    found, before, after_number, after_namer, at = [], 0, False, False, 0
    while (begin := TOKEN.search(text, at)) is not None:
        address = ADDRESS.match(text, begin.start())
        token = address or begin
        start, end, word = token.start(), token.end(), token.group()
        gap, lower = text[before:start], token.group().lower()
        number = address is not None or (word[0].isascii() and word[0].isdigit()) or _hexadecimal(word)
        unit = after_number and gap in ("", " ") and lower in UNITS
        value = re.search(r"[A-Za-z0-9_\x80-\U0010ffff]=$", text[:start]) is not None and gap.endswith("=")
        name = after_namer and set(gap) <= set(" :'\"") and lower not in NO_NAMES and not lower.endswith(("ed", "ing"))
        kept = not (number or unit or value or name or _varies(word, text[end : end + 2])) and word not in stop
        after_namer = kept and bool(found) and not set(gap) & set(";,.:") and lower in NAMERS
        found += [word] if kept else []
        after_number, before, at = number, end, end
    return found


def _hexadecimal(word: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F._\-]+", word) is not None and re.search("[0-9]", word) is not None


def _varies(word: str, behind: str) -> bool:
    if re.search(r"[0-9/\\]", word) or not re.search(LETTER, word):
        return True
    port = re.fullmatch(":[0-9]", behind) is not None
    return word.count(".") >= 2 or (word.count(".") == 1 and port)


def is_word(token: str, known: set[str]) -> bool:
    """Whether a token is made of known words; other scripts are."""
    for at, character in enumerate(token):
        if ord(character) >= 0x80:
            return all(_known(part.lower(), known) for part in PART.findall(token[:at]))
        if character.isdigit():
            return False
    parts = PART.findall(token)
    return bool(parts) and all(_known(part.lower(), known) for part in parts)


def _known(word: str, known: set[str]) -> bool:
    endings = ("s", "ed", "ing", "er", "ly", "d", "es")
    return word in known or any(
        word.endswith(end) and len(word) - len(end) >= 3 and word.removesuffix(end) in known for end in endings
    )


@dataclass
class Category:
    owner: int
    tokens: list[str]
    kinds: list[int]
    common: list[bool]
    weight: int
    count: int = 0
    max_length: int = 0
    into: int | None = None


@dataclass
class Categorizer:
    """The slow categorizer. `assign` is its definition."""

    known: set[str]
    categories: list[Category] = field(default_factory=list)
    forms: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)

    def assign(self, message: list[str], owner: int = 0, length: int = 0) -> int:
        form = owner, tuple(message)
        if form not in self.forms:
            self.forms[form] = self._match(message[:MOST_TOKENS], owner)
        found = self.forms[form]
        while (into := self.categories[found].into) is not None:
            found = into
        category = self.categories[found]
        category.count += 1
        category.max_length = max(category.max_length, length)
        return found

    def _match(self, message: list[str], owner: int) -> int:
        kinds = [WORD if is_word(token, self.known) else NAME for token in message]
        weight = sum(WEIGHT[kind] for kind in kinds)
        alive = [at for at, one in enumerate(self.categories) if one.owner == owner and one.into is None]
        near = []
        for at in alive:
            most = max(weight, self.categories[at].weight)
            cost = costs(self.categories[at], message, kinds)[-1][-1]
            if most and 10 * cost <= most:
                near.append((cost / most, at))
        if near:
            best = min(near)[1]
            mark(self.categories[best], message, kinds)
            return best
        for place in range(len(message)):
            siblings = [at for at in alive if differs_at(self.categories[at], message) == place]
            if len(siblings) + 1 >= SIBLINGS and len(message) >= 3:
                return self._open(siblings, place)
        self.categories.append(Category(owner, message, kinds, [True] * len(message), weight))
        return len(self.categories) - 1

    def _open(self, siblings: list[int], place: int) -> int:
        first, *others = siblings
        for at in others:
            self.categories[at].into = first
        self.categories[first].kinds[place] = OPEN
        self.categories[first].common[place] = False
        return first


def costs(category: Category, message: list[str], kinds: list[int]) -> list[list[int]]:
    """Row i, column j: what it costs to make the first j tokens of the message of the category's first i."""
    table = [[0] * (len(message) + 1) for _ in range(len(category.tokens) + 1)]
    for i in range(len(table)):
        for j in range(len(message) + 1):
            ways = [0] if i == j == 0 else []
            if i:
                ways.append(table[i - 1][j] + COST[category.kinds[i - 1]])
            if j:
                ways.append(table[i][j - 1] + COST[kinds[j - 1]])
            if i and j:
                ways.append(table[i - 1][j - 1] + replacing(category, i - 1, message[j - 1], kinds[j - 1]))
            table[i][j] = min(ways)
    return table


def replacing(category: Category, at: int, token: str, kind: int) -> int:
    if category.tokens[at] == token or category.kinds[at] == OPEN:
        return 0
    return COST[WORD] if category.kinds[at] == kind == WORD else COST[NAME]


def mark(category: Category, message: list[str], kinds: list[int]) -> None:
    """Tokens that the message lacks are no longer common."""
    table, i, j = costs(category, message, kinds), len(category.tokens), len(message)
    while i > 0:
        if j and table[i][j] == table[i - 1][j - 1] + replacing(category, i - 1, message[j - 1], kinds[j - 1]):
            category.common[i - 1] &= category.tokens[i - 1] == message[j - 1]
            i, j = i - 1, j - 1
        elif table[i][j] == table[i - 1][j] + COST[category.kinds[i - 1]]:
            i -= 1
            category.common[i] = False
        else:
            j -= 1


def differs_at(category: Category, message: list[str]) -> int | None:
    """The one place where a message differs from a category as long as it is."""
    if len(category.tokens) != len(message):
        return None
    places = [at for at, token in enumerate(message) if category.tokens[at] != token and category.kinds[at] != OPEN]
    return places[0] if len(places) == 1 else None
