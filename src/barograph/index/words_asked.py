"""What a query of words holds beside its words.

Clients write out every default. What cannot change which documents match is taken; what could, and is not answered, is refused.
"""

from collections.abc import Mapping
from typing import Any, Final

from barograph.index.asked import only
from barograph.index.errors import BadQuery

_OF_ALL: Final = frozenset({"query", "boost", "_name", "lenient"})
_OF_FUZZY_WORDS: Final = frozenset({"prefix_length", "max_expansions", "fuzzy_transpositions", "fuzzy_rewrite"})
"""How words are told apart that need not be the same. Nothing is fuzzy here."""
_OF_TEXTS: Final = frozenset(
    {
        *("fields", "default_field", "analyze_wildcard", "allow_leading_wildcard", "auto_generate_synonyms_phrase_query"),
        *("fuzzy_prefix_length", "fuzzy_max_expansions", "fuzzy_transpositions", "fuzzy_rewrite", "rewrite", "tie_breaker"),
        *("max_determinized_states", "enable_position_increments", "time_zone", "fuzziness"),
    }
)
"""`fuzziness` is how far a `word~` may be off, which is refused where it stands."""
_FREE: Final[Mapping[str, frozenset[str]]] = {
    "match": _OF_FUZZY_WORDS | {"auto_generate_synonyms_phrase_query"},
    "match_phrase": frozenset(),
    "match_phrase_prefix": frozenset({"max_expansions"}),
    "multi_match": _OF_FUZZY_WORDS | {"auto_generate_synonyms_phrase_query", "fields", "tie_breaker"},
    "query_string": _OF_TEXTS,
    "simple_query_string": _OF_TEXTS,
}
_EVERY: Final = {"operator": ("or", "and")}
_DEFAULT: Final = {"default_operator": ("or", "and")}
_EMPTY: Final = {"zero_terms_query": ("none", "all")}
_LEAST: Final = {"minimum_should_match": ("1",)}
_BOUND: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "match": {"fuzziness": ("0",), **_EVERY, **_EMPTY, **_LEAST},
    "match_phrase": {"slop": ("0",), **_EMPTY},
    "match_phrase_prefix": {"slop": ("0",), **_EMPTY},
    "multi_match": {
        "type": ("best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix"),
        "fuzziness": ("0",),
        "slop": ("0",),
        **_EVERY,
        **_EMPTY,
        **_LEAST,
    },
    "query_string": {
        "type": ("best_fields", "most_fields", "cross_fields"),
        "phrase_slop": ("0",),
        "escape": ("false",),
        **_DEFAULT,
        **_LEAST,
    },
    "simple_query_string": {"flags": ("all", "-1"), **_DEFAULT, **_LEAST},
}
"""What has an answer with these values only."""


def refuse_others(name: str, where: str, body: Mapping[str, Any]) -> None:
    """Refuse what would make a query of words match other documents than it does here.

    Args:
        name: the query.
        where: what it is called in an error.
        body: the query, without its field.

    Raises:
        BadQuery: there is something in it.
    """
    bound = _BOUND[name]
    only(body, where, {*_OF_ALL, *_FREE[name], *bound})
    for key, values in bound.items():
        if body.get(key) is not None and str(body[key]).lower() not in values:
            wanted = values[0] if len(values) == 1 else f"one of {', '.join(values)}"
            raise BadQuery(f"[{where}] {key}={body[key]!r}: wanted {wanted}")


def taken_by(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Of the body of a query what another one of words, of one field, has a meaning for."""
    known = {*_OF_ALL, *_FREE[name], *_BOUND[name]}
    return {key: value for key, value in body.items() if key in known}


def is_every(body: Mapping[str, Any], key: str = "operator") -> bool:
    """Whether all words of a query must be there."""
    return str(body.get(key)).lower() == "and"


def matches_without_words(body: Mapping[str, Any]) -> bool:
    """Whether a query without a word in it matches everything."""
    return str(body.get("zero_terms_query")).lower() == "all"


def fields_asked(name: str, body: Mapping[str, Any], default: object = "*") -> list[str]:
    """The names of the fields that a query of words is for, one or several, with their boosts and wildcards.

    Raises:
        BadQuery: they are no names.
    """
    given = body.get("fields") or default
    listed = given if isinstance(given, list) else [given]
    names = [path for path in listed if isinstance(path, str)]
    if len(names) < len(listed):
        raise BadQuery(f"[{name}] fields={given!r}: wanted names of fields")
    return names
