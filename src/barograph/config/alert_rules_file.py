"""Rules of alerts from files."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from barograph.config.alert_rule import AlertRule
from barograph.config.errors import ConfigError, Problem
from barograph.config.load import read_document

_WANTED: Final = "a rule, a list of rules, or an object with them as 'rules'"


def load_rules(path: Path) -> list[AlertRule]:
    """The rules of a JSON, YAML or TOML file: one, a list, or `rules: [...]`.

    Raises:
        ConfigError: with all problems of all rules.
    """
    document = read_document(path)
    listed: Any = document["rules"] if isinstance(document, dict) and set(document) == {"rules"} else document
    listed = listed if isinstance(listed, list) else [listed]
    made, problems = [], []
    for place, one in enumerate(listed):
        try:
            made.append(_rule(one))
        except ConfigError as error:
            problems += [
                replace(problem, path=problem.path.replace("rule", f"rules[{place}]", 1)) for problem in error.problems
            ]
    ids = [rule.rule_id for rule in made]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    problems += [Problem("rules.rule_id", name, "an id that no other rule of the file has") for name in twice]
    if problems:
        raise ConfigError(problems)
    return made


def _rule(document: Any) -> AlertRule:
    if not isinstance(document, dict):
        raise ConfigError([Problem("rule", document, _WANTED)])
    return AlertRule.model_validate(document)
