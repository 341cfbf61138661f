"""Rules: what is read, what is refused and how, and that text and rule are one."""

import json
from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from barograph.config.errors import InputError
from barograph.config.rule import APPLIES_TO, SIGNS, Condition, Rule, Scope, rule_of
from barograph.config.rule_text import parse_rule

ZONE = ZoneInfo("Europe/Berlin")


def parsed(text: str) -> Rule:
    return parse_rule(text, ZONE)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "actual < 10 and diff_from_typical<5",
            Rule((Condition("actual", "lt", 10), Condition("diff_from_typical", "lt", 5))),
        ),
        ("typical>=-1e3", Rule((Condition("typical", "gte", -1000),))),
        ("change <= 20 %", Rule((Condition("change", "lte", 0.2),))),
        ("change <= 20%", Rule((Condition("change", "lte", 0.2),))),
        ("change > 0.1%", Rule((Condition("change", "gt", 0.001),))),
        ("change > 1e-99999999999999999999 %", Rule((Condition("change", "gt", 0.0),))),
        ("time < 2026-01-01", Rule((Condition("time", "lt", 1_767_222_000_000),))),
        ('time < "2026-01-01 00:00+00:00"', Rule((Condition("time", "lt", 1_767_225_600_000),))),
        ("time > 1767222000", Rule((Condition("time", "gt", 1_767_222_000_000),))),
        ("host in (a, 'b c')", Rule(scope=(Scope("host", ("a", "b c")),))),
        ('"my field" not in ("x\\"y")', Rule(scope=(Scope("my field", ('x"y',), exclude=True),))),
        ("actual in (x)", Rule(scope=(Scope("actual", ("x",)),))),
        ("host in (a) and actual < 1", Rule((Condition("actual", "lt", 1),), (Scope("host", ("a",)),))),
    ],
)
def test_text_is_read(text: str, rule: Rule) -> None:
    assert parsed(text) == rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found its end: wanted actual, typical, diff_from_typical, change, time or a field"),
        ("actul < 3", "found 'actul': wanted actual, typical, diff_from_typical, change, time before a comparison"),
        ("actual = 3", "found '=': wanted <, <=, >, >= after 'actual'"),
        ("actual < ten", "found 'ten' after '<': wanted a number"),
        ("change < 20", "found its end after '20': wanted a per cent sign, as in 'change < 20 %'"),
        ("change < 0.2 and actual > 3", "found 'and' after '0.2': wanted a per cent sign"),
        ("actual < 10 %", "found '%' after '10': wanted 'and'"),
        ("actual <", "found its end after '<': wanted a number"),
        ("time < soon", "time='soon': wanted a time such as"),
        ("time < 999999999999999999", "wanted a time in the years 1 to 9999"),
        ("actual < inf", "value=inf: wanted a number"),
        ("actual < nan", "value=nan: wanted a number"),
        ("actual < 3 or typical > 3", "found 'or' after '3': wanted and; for 'or' give two rules"),
        ("actual < 3 typical > 3", "found 'typical' after '3': wanted 'and'"),
        ("actual < 3 and", "found its end after 'and': wanted actual"),
        ("< 3", "found '<': wanted actual"),
        ("host", "found its end: wanted 'in' or 'not in' after 'host'"),
        ("host in a", "found 'a' after 'in': wanted '('"),
        ("host in ()", "found ')' after '(': wanted a value"),
        ("host in (a b)", "found 'b' after 'a': wanted ','"),
        ("host not (a)", "found '(' after 'not': wanted 'in'"),
        ("host in ('a)", "wanted a closing quote for"),
        ("{", "wanted JSON"),
    ],
)
def test_what_is_wrong_in_a_text_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parsed(text)
    assert str(caught.value).startswith(f"rule {text!r}: ")
    assert message in str(caught.value)


def test_a_rule_of_elastic_is_read() -> None:
    document = {
        "actions": ["skip_result"],
        "scope": {"host": {"filter_type": "exclude", "items": ["a", "b"]}},
        "conditions": [
            {"applies_to": "actual", "operator": "lt", "value": 10},
            {"applies_to": "time", "operator": "gte", "value": 1_767_222_000},
        ],
    }
    expected = Rule(
        (Condition("actual", "lt", 10), Condition("time", "gte", 1_767_222_000_000)), (Scope("host", ("a", "b"), exclude=True),)
    )
    assert rule_of(document) == parsed(json.dumps(document)) == expected


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "rule=[]: wanted an object"),
        ({}, "wanted at least one condition or scope"),
        ({"condition": []}, "rule.condition: wanted one of actions, scope, conditions"),
        ({"actions": ["skip_model_update"]}, "actions=['skip_model_update']: wanted ['skip_result']"),
        ({"conditions": {}, "scope": {}}, "wanted at least one condition"),
        ({"conditions": [1]}, "conditions[0]=1: wanted an object"),
        ({"conditions": [{"applies_to": "actual", "operator": "lt"}]}, "conditions[0].value is missing"),
        (
            {"conditions": [{"applies_to": "actual", "operator": "eq", "value": 1}]},
            "conditions[0].operator='eq': wanted one of lt, lte, gt, gte",
        ),
        ({"conditions": [{"applies_to": "x", "operator": "lt", "value": 1}]}, "conditions[0].applies_to='x': wanted one of"),
        (
            {"conditions": [{"applies_to": "actual", "operator": "lt", "value": "x"}]},
            "conditions[0].value='x': wanted a number",
        ),
        (
            {"conditions": [{"applies_to": "actual", "operator": "lt", "value": True}]},
            "conditions[0].value=True: wanted a number",
        ),
        ({"scope": {"host": {"filter_id": "safe"}}}, "scope.host.items is missing: wanted the values themselves"),
        ({"scope": {"host": {"items": []}}}, "scope.host: wanted at least one value"),
        ({"scope": {"host": {"items": "a"}}}, "scope.host.items='a': wanted a list of texts"),
        (
            {"scope": {"host": {"items": ["a"], "filter_type": "only"}}},
            "scope.host.filter_type='only': wanted one of include, exclude",
        ),
    ],
)
def test_what_is_wrong_in_a_rule_of_elastic_is_named(document: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        rule_of(document)
    assert message in str(caught.value)


numbers = st.floats(allow_nan=False, allow_infinity=False)
times = st.integers(-62_000_000_000_000, 253_000_000_000_000)
conditions = st.one_of(
    st.builds(Condition, st.sampled_from([one for one in APPLIES_TO if one != "time"]), st.sampled_from(list(SIGNS)), numbers),
    st.builds(Condition, st.just("time"), st.sampled_from(list(SIGNS)), times),
)
names = st.text(min_size=1)
scopes = st.builds(Scope, names, st.lists(names, min_size=1, max_size=3).map(tuple), st.booleans())


@example(conditions=[Condition("change", "lt", 1.797693134862316e306)], scope=[])  # in per cent it is no double
@given(conditions=st.lists(conditions, max_size=3), scope=st.lists(scopes, max_size=2))
def test_a_rule_is_read_back_from_its_text(conditions: list[Condition], scope: list[Scope]) -> None:
    if conditions or scope:
        rule = Rule(tuple(conditions), tuple(scope))
        assert parsed(str(rule)) == rule


@given(text=st.text(alphabet="actual typchnge<>=()\"'., and or in not 0123456789%{}[]:", max_size=30))
def test_any_text_is_a_rule_or_an_input_error_and_nothing_else(text: str) -> None:
    with suppress(InputError):
        assert parsed(str(parsed(text))) == parsed(text)
