"""`query_string`: the query language that people type, as in `host:web-1 AND (error OR status:>=500) -debug`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from barograph.index.conditions import between, by_pattern, equals, wildcard_pattern, words
from barograph.index.errors import BadQuery
from barograph.index.kinds import TEXT
from barograph.index.mapping import Field
from barograph.index.scope import Scope
from barograph.index.sql import FALSE, TRUE, Sql, all_of, any_of, none_of
from barograph.index.words_asked import fields_asked, is_every, refuse_others

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<word>AND|OR|NOT|&&|\|\||!)(?=[\s(]|$)|(?P<sign>[+-])(?=\S)
    |(?P<field>(?:\\.|[\w.@#*/-])+):(?=\S)
    |(?P<range>[\[{]\s*\S+\s+TO\s+[^\]}\s]+\s*[\]}])|(?P<bound>[<>]=?)(?P<limit>[^\s()]+)
    |"(?P<phrase>(?:\\.|[^"\\])*)"|(?P<term>(?:\\.|[^\s()"])+))""",
    re.VERBOSE,
)
_RANGE: Final = re.compile(r"([\[{])\s*(\S+)\s+TO\s+([^\]}\s]+)\s*([\]}])")
_BOOST: Final = re.compile(r"\^\d+(\.\d*)?(?![^\s)])")
"""How much a clause counts, which changes no answer: behind a phrase, a bracket or a range; behind a word it is part of it."""
_BOOST_OF_WORD: Final = re.compile(r"(?<!\\)\^\d+(\.\d*)?$")
_FUZZY: Final = re.compile(r"(?<!\\)~[\d.]*$")
_MAX_TOKENS: Final = 1024
_MAX_DEPTH: Final = 20


def compile_text(body: Any, scope: Scope, name: str = "query_string") -> Sql:
    """The condition of a `query_string` query.

    Args:
        body: the query.
        scope: the documents.
        name: what the query is called.

    Raises:
        BadQuery: it cannot be read, or holds what is not answered.
    """
    body = {"query": body} if isinstance(body, str) else body
    if not isinstance(body, Mapping) or not isinstance(body.get("query"), str):
        raise BadQuery(f"[{name}]={body!r}: wanted an object with [query] as text")
    refuse_others(name, name, body)
    fields = fields_asked(name, body, body.get("default_field", "*"))
    return _Parser(body, fields, scope, is_strict=name == "query_string").all()


class _Parser:
    """One pass over the tokens, from left to right. A strict one refuses what stands alone: `a AND`."""

    def __init__(self, body: Mapping[str, Any], fields: list[str], scope: Scope, *, is_strict: bool) -> None:
        text: str = body["query"]
        self._text, self._fields, self._scope = text, fields, scope
        self._is_strict = is_strict
        self._every = is_every(body, "default_operator")
        self._zone = {"time_zone": body["time_zone"]} if body.get("time_zone") else {}
        self._tokens: list[re.Match[str]] = []
        at = 0
        while at < len(text.rstrip()):
            token = _TOKEN.match(text, at)
            if token is None or len(self._tokens) >= _MAX_TOKENS:
                raise BadQuery(
                    f"Failed to parse query [{text[:200]}]: wanted up to {_MAX_TOKENS} terms; at {text[at : at + 20]!r}"
                )
            self._tokens.append(token)
            boost = _BOOST.match(text, token.end())
            at = boost.end() if boost and text[token.end() - 1] in '")]}' else token.end()
        self._at = 0

    def all(self) -> Sql:
        made = self._clauses(self._fields, 0)
        if self._at < len(self._tokens):
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: a bracket is closed that is not open")
        return made

    def _clauses(self, fields: list[str], depth: int) -> Sql:
        """Clauses up to a closing bracket: AND binds more than OR, + must be, - and NOT must not."""
        if depth > _MAX_DEPTH:
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: wanted at most {_MAX_DEPTH} brackets in brackets")
        groups: list[list[Sql]] = []
        must: list[Sql] = []
        must_not: list[Sql] = []
        joins = False
        waits = self._is_strict and bool(self._tokens)  # for a clause
        while self._at < len(self._tokens) and self._tokens[self._at]["bracket"] != ")":
            token = self._tokens[self._at]
            if token["word"] in ("AND", "&&", "OR", "||"):
                joins = token["word"] in ("AND", "&&")
                if waits:
                    break
                waits = self._is_strict
                self._at += 1
                continue
            clause = self._clause(fields, depth)
            if token["sign"] == "+":
                must.append(clause)
            elif (token["sign"] == "-" or token["word"]) and not joins:
                must_not.append(clause)
            elif groups and (joins or self._every):
                groups[-1].append(clause)
            else:
                groups.append([clause])
            joins = waits = False
        if waits:
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: a term is missing beside AND or OR, or in a bracket")
        shoulds = [any_of(all_of(group) for group in groups)] if groups and (not must or self._every) else []
        return all_of([*must, *must_not, *shoulds]) if must or must_not or shoulds else FALSE

    def _clause(self, fields: list[str], depth: int) -> Sql:
        token = self._next()
        if token["sign"] or token["word"] in ("NOT", "!"):
            inner = self._clause(fields, depth)
            return inner if token["sign"] == "+" else none_of(inner)
        if token["field"]:
            path = re.sub(r"\\(.)", r"\1", token["field"])
            return self._scope.exists(self._next()[0].strip()) if path == "_exists_" else self._clause([path], depth)
        if token["bracket"] == "(":
            made = self._clauses(fields, depth + 1)
            if self._at == len(self._tokens) or self._next()["bracket"] != ")":
                raise BadQuery(f"Failed to parse query [{self._text[:200]}]: a bracket is not closed")
            return made
        if fields == ["*"] and token["term"] == "*":
            return TRUE
        return any_of(self._value(item, token) for item in self._scope.fields(fields))

    def _next(self) -> re.Match[str]:
        if self._at >= len(self._tokens):
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: a term is missing at its end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _value(self, item: Field, token: re.Match[str]) -> Sql:
        if token["range"]:
            return self._range(item, token["range"])
        if token["bound"]:
            name = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}[token["bound"]]
            return between(item, {name: _BOOST_OF_WORD.sub("", token["limit"]), **self._zone}, self._scope)
        if token["phrase"] is not None:
            return words(item, re.sub(r"\\(.)", r"\1", token["phrase"]), self._scope, as_phrase=True, every=True)
        return self._term(item, token["term"] or "")

    def _term(self, item: Field, text: str) -> Sql:
        text = _BOOST_OF_WORD.sub("", text)
        if text == "*":
            return self._scope.exists(item.path)
        if _FUZZY.search(text):
            raise BadQuery(f"Failed to parse query [{self._text[:200]}]: wanted no [~], as words are the same or not: {text!r}")
        if len(text) > 2 and text[0] == text[-1] == "/" and not item.kind.is_number:
            return by_pattern(item, text[1:-1], self._scope)
        if re.search(r"(?<!\\)[*?]", text) and not item.kind.is_number:
            return by_pattern(item, wildcard_pattern(text), self._scope)
        text = re.sub(r"\\(.)", r"\1", text)
        if item.kind is TEXT:
            return words(item, text, self._scope, as_phrase=True, every=True)
        return equals(item, text, self._scope) if text else FALSE

    def _range(self, item: Field, text: str) -> Sql:
        found = _RANGE.fullmatch(text)
        if found is None:
            raise BadQuery(f"Failed to parse range [{text[:100]}]: wanted [a TO b]")
        low, high = ("gte" if found[1] == "[" else "gt"), ("lte" if found[4] == "]" else "lt")
        bounds = {name: value for name, value in ((low, found[2]), (high, found[3])) if value != "*"}
        return between(item, {**bounds, **self._zone}, self._scope)
