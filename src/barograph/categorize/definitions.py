"""Categories as people read them: terms, patterns, examples."""

import re
from typing import Final

from barograph.categorize.categories import Categories
from barograph.config.job import Job
from barograph.results.category import CategoryDefinition

_MOST_COST: Final = 10_000  # of a pattern: twice its characters and four a token; a longer one is of no use to anybody
_VALUES: Final = (
    ("IP", "ipaddress", r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"),
    ("NUMBER", "number", r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])"),
)


def definitions(job: Job, categories: Categories) -> list[CategoryDefinition]:
    """All categories of a job, by id."""
    memory = categories.categorizer.memory
    live, kept, text = memory.live("categories"), memory.live("kept"), memory.live("arena").tobytes()
    preferred = _preferred(live["into"].tolist())
    field = job.analysis_config.categories_by
    found = []
    for at, category in enumerate(live):
        tokens = kept[int(category["first"]) : int(category["first"]) + int(category["tokens"])]
        common = [
            text[offset : offset + size].decode(errors="replace")
            for offset, size, is_common in tokens[["offset", "length", "common"]].tolist()
            if is_common
        ]
        of_category = sorted(categories.examples.of(at))
        found.append(
            CategoryDefinition(
                category_id=at + 1,
                partition_field_name=field,
                partition_field_value=None if field is None else categories.partitions[int(category["owner"])],
                terms=" ".join(common),
                regex=_regex(common),
                grok_pattern=_grok(common, of_category),
                max_matching_length=-(-int(category["max_length"]) * 11 // 10),
                examples=tuple(of_category),
                num_matches=int(category["count"]),
                preferred_to_categories=tuple(other + 1 for other in preferred.get(at, ())),
            )
        )
    return found


def _preferred(into: list[int]) -> dict[int, list[int]]:
    """The categories whose messages each category has now."""
    preferred: dict[int, list[int]] = {}
    for at, taken in enumerate(into):
        last = taken
        while last >= 0 and into[last] >= 0:
            last = into[last]
        if last >= 0:
            preferred.setdefault(last, []).append(at)
    return preferred


def _regex(common: list[str]) -> str:
    parts, cost = list[str](), 0
    for token in common:
        cost += 2 * len(token) + 4
        if cost > _MOST_COST:
            break
        parts.append(re.escape(token))
    return f".*?{'.+?'.join(parts)}.*" if parts else ".*"


def _grok(common: list[str], examples: list[str]) -> str:
    """The pattern with a name for each gap between tokens that holds the same one value in all examples."""
    between_tokens = [_between(common, example) for example in examples]
    cut = [one for one in between_tokens if one is not None]
    if not common or not cut or len(cut) < len(examples):
        return _regex(common)
    gaps = [list(texts) for texts in zip(*cut, strict=True)]
    names: dict[str, int] = {}
    pattern = _gap(gaps[0], names, ".*?")
    for token, between in zip(common, gaps[1:], strict=True):
        is_last = between is gaps[-1]
        pattern += re.escape(token) + _gap(between, names, ".*" if is_last else ".+?")
    return pattern if len(pattern) <= _MOST_COST else _regex(common)


def _between(common: list[str], example: str) -> list[str] | None:
    """What of a text is before, between and behind tokens, each taken where it comes first; None: it has not all of them.

    What a pattern with a lazy gap at each place would find. That tries all ways before it gives up: for ever, where a token
    that comes a hundred times is missing once, as in an example that was cut.
    """
    texts, end = list[str](), 0
    for token in common:
        start = example.find(token, end + 1 if texts else 0)
        if start < 0:
            return None
        texts.append(example[end:start])
        end = start + len(token)
    return [*texts, example[end:]]


def _gap(texts: list[str], names: dict[str, int], plain: str) -> str:
    for kind, name, value in _VALUES:
        if all(len(re.findall(value, text)) == 1 for text in texts):
            names[name] = names.get(name, 0) + 1
            own = name if names[name] == 1 else f"{name}{names[name]}"
            return f".*?%{{{kind}:{own}}}.*{'' if plain == '.*' else '?'}"
    return plain
