"""The pages name every command, option, setting, function and column that there is, as it is.

Parts between `<!-- generated: NAME -->` and `<!-- end -->` are made from the code. After a change of the code,
`.venv/bin/python tests/docs/test_reference.py` writes them anew.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import polars as pl
import pytest
import typer.main
from fastapi import FastAPI
from pydantic_core import PydanticUndefined

from barograph.api import engine, opensearch, v1
from barograph.api.elastic import ENDPOINTS
from barograph.api.elastic.endpoint import Endpoint
from barograph.api.metrics import Metrics
from barograph.cli.main import app
from barograph.config import analysis, forest, job
from barograph.config.base import Document
from barograph.config.detector import DetectionRule, Detector, FilterRef, RuleCondition, RuleParams
from barograph.config.functions import ALIASES, FUNCTIONS, Function
from barograph.config.server import ENVIRONMENT, ServerConfig
from barograph.results import schema

DOCS: Final = Path(__file__).parents[2] / "docs"
_PART: Final = re.compile(r"(<!-- generated: (?P<name>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HELP: Final = ("-h", "--help")


def table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """A Markdown table; a bar inside a cell would end it, so it is escaped."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def type_name(kind: pl.DataType) -> str:
    if isinstance(kind, pl.List):
        return f"list of {type_name(kind.inner)}"  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct):
        return "struct (" + ", ".join(f"`{field.name}` {type_name(field.dtype)}" for field in kind.fields) + ")"  # type: ignore[arg-type]
    return {
        "Int64": "int64",
        "Int32": "int32",
        "Float64": "double",
        "String": "text",
        "Boolean": "bool",
    }[str(kind)]


def columns(of: tuple[schema.Column, ...]) -> str:
    return table(("column", "type", "meaning"), ((f"`{one.name}`", type_name(one.dtype), one.meaning) for one in of))


def functions() -> str:
    header = ("function", "field", "empty bucket", "unusual when", "`by`", "`over`")
    return table(header, map(function, FUNCTIONS.values()))


def function(one: Function) -> tuple[str, ...]:
    short = [alias for alias, name in ALIASES.items() if name == one.name]
    return (
        f"`{one.name}`" + (f" (`{short[0]}`)" if short else ""),
        {"no": "none", "yes": one.field_type}[one.needs_field],
        {"zero": "zero", "none": "no data"}[one.empty],
        unusual(one),
        one.by,
        one.over,
    )


def unusual(one: Function) -> str:
    other = {"rare": "rare", "freq_rare": "rare", "time_of_day": "far off", "time_of_week": "far off", "place": "far off"}
    if one.kind in other:
        return other[one.kind]
    return {"both": "high or low", "high": "high", "low": "low"}[one.side] if len(one.statistics) == 1 else "see above"


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and those below it, by their full names."""
    yield name, command
    for child, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {child}")


def command_line() -> str:
    parts = []
    for name, command in commands(typer.main.get_command(app), "barograph"):
        usage = " ".join([name, *(argument(parameter) for parameter in command.params if is_argument(parameter))])
        parts.append(f"## `{usage}`\n\n{' '.join(command.help.split())}\n")
        rows = list(map(parameter_row, (one for one in command.params if not set(_HELP) & set(one.opts))))
        if rows:
            parts.append(table(("", "meaning", "default"), iter(rows)))
    return "\n".join(parts)


def is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def argument(parameter: Any) -> str:
    return f"{parameter.metavar}{'...' if parameter.nargs == -1 else ''}"


def parameter_row(parameter: Any) -> tuple[str, ...]:
    if is_argument(parameter):
        return f"`{argument(parameter)}`", parameter.help, "required"
    takes = "" if parameter.is_flag else f" {parameter.metavar}"
    names = " / ".join([*parameter.opts, *parameter.secondary_opts])
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    shown = "" if default is None or default is False else f"{default:g}" if isinstance(default, float) else str(default)
    also = f" Also ${parameter.envvar}." if parameter.envvar else ""
    return f"`{names}{takes}`", parameter.help + also, shown


def server_settings() -> str:
    rows = (
        (
            f"`{name}`",
            field.description or "",
            "" if field.default is None else f"`{field.default}`",
            f"`{ENVIRONMENT}{name.upper()}`",
        )
        for name, field in ServerConfig.model_fields.items()
    )
    return table(("setting", "meaning", "default", "environment"), rows)


def elastic_calls() -> str:
    return calls_of(ENDPOINTS)


def calls_of(endpoints: Iterable[Endpoint]) -> str:
    rows = (
        (", ".join(one.methods.split()), f"`{one.path}`", " ".join((one.handler.__doc__ or "").split()), one.role)
        for one in sorted(endpoints, key=lambda one: (one.path, one.methods))
    )
    return table(("method", "path", "what it does", "role"), rows)


def engine_calls() -> str:
    rows = (
        (one.method, f"`{engine.PREFIX}{one.path}`", one.summary, one.role)
        for one in sorted(engine.ENDPOINTS, key=lambda one: (one.path, one.method))
    )
    return table(("method", "path", "what it does", "role"), rows)


def opensearch_calls() -> str:
    newer = (one for one in opensearch.ENDPOINTS if one.path.startswith("/_plugins/") and not one.path.endswith("/"))
    return calls_of(newer)


def api_calls() -> str:
    document = FastAPI(title="x", version="1")
    document.include_router(
        v1.router(SimpleNamespace(service=SimpleNamespace(records=0, buckets=0, annotations=0), alerts=None))
    )  # type: ignore[arg-type]
    rows = (
        (method.upper(), f"`{path}`", call["description"])
        for path, methods in sorted(document.openapi()["paths"].items())
        for method, call in methods.items()
    )
    return table(("method", "path", "what it does"), rows)


def metrics() -> str:
    rows = ((f"`{one.name}`", one.type, one.documentation) for one in Metrics().registry.collect())
    return table(("metric", "type", "meaning"), rows)


GENERATED: Final[dict[str, tuple[str, Callable[[], str]]]] = {
    "command line": ("cli.md", command_line),
    "functions": ("functions.md", functions),
    "server settings": ("server.md", server_settings),
    "metrics": ("server.md", metrics),
    "elastic calls": ("elastic.md", elastic_calls),
    "engine calls": ("engine-api.md", engine_calls),
    "opensearch calls": ("opensearch-api.md", opensearch_calls),
    "api calls": ("api.md", api_calls),
    "records": ("results.md", lambda: columns(schema.RECORDS)),
    "buckets": ("results.md", lambda: columns(schema.BUCKETS)),
    "influencers": ("results.md", lambda: columns(schema.INFLUENCERS)),
    "bucket influencers": ("results.md", lambda: columns(schema.BUCKET_INFLUENCERS)),
    "incidents": ("results.md", lambda: columns(schema.INCIDENTS)),
    "descriptions": ("results.md", lambda: columns(schema.DESCRIPTIONS)),
    "forest results": ("results.md", lambda: columns(schema.FOREST_RESULTS)),
    "annotations": ("results.md", lambda: columns(schema.ANNOTATIONS)),
    "forecasts": ("results.md", lambda: columns(schema.FORECASTS)),
    "crossings": ("results.md", lambda: columns(schema.CROSSINGS)),
    "bucket values": ("results.md", lambda: columns(schema.BUCKET_VALUES)),
    "influencer shares": ("results.md", lambda: columns(schema.INFLUENCER_SHARES)),
}

SECTIONS: Final[dict[str, type[Document]]] = {
    "The job": job.Job,
    "`analysis_config`": analysis.AnalysisConfig,
    "`analysis_config.detectors`": Detector,
    "`custom_rules` of a detector": DetectionRule,
    "`scope` of a rule": FilterRef,
    "`conditions` of a rule": RuleCondition,
    "`params` of a rule": RuleParams,
    "`analysis_config.per_partition_categorization`": analysis.PerPartitionCategorization,
    "`data_description`": job.DataDescription,
    "`analysis_limits`": job.AnalysisLimits,
    "`model_plot_config`": job.ModelPlotConfig,
    "`forest_config`": forest.ForestSettings,
    "`imputation_option` of a forest": forest.ImputationOption,
    "`rules` of a forest": forest.SuppressionRule,
    "`conditions` of such a rule": forest.SuppressionCondition,
    "`blocked`": job.JobBlocked,
}


def current(page: str) -> str:
    """A page with its generated parts made anew."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return _PART.sub(lambda part: f"{part[1]}\n{GENERATED[part['name']][1]()}\n{part[3]}", text)


@pytest.mark.parametrize("name", GENERATED)
def test_generated_part_is_current(name: str) -> None:
    page, make = GENERATED[name]
    assert f"<!-- generated: {name} -->\n\n{make()}\n<!-- end -->" in (DOCS / page).read_text(encoding="utf-8")


def section(heading: str) -> str:
    text = (DOCS / "jobs.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/jobs.md: wanted the section {heading!r}"
    return found[1]


def default(field: Any) -> str:
    """A setting's default as the page writes it."""
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return ""
    if isinstance(value, Document):
        return "`{}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(value)}]`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_is_documented_with_its_default(heading: str) -> None:
    documented = re.findall(r"^\| `(\w+)` \| (.*?) ?\| .*\|$", section(heading), re.MULTILINE)
    assert documented == [(name, default(field)) for name, field in SECTIONS[heading].model_fields.items()]


def test_every_function_is_explained() -> None:
    text = (DOCS / "functions.md").read_text(encoding="utf-8").split("<!-- generated")[0]
    plain = {re.sub("^(high|low)_", "", name) for name in FUNCTIONS}
    assert {name for name in plain if f"`{name}`" not in text} == set()


def test_every_option_names_its_value() -> None:
    assert re.findall(r"`--[a-z-]+ None`", current("cli.md")) == []


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


if __name__ == "__main__":
    for page in sorted({page for page, _ in GENERATED.values()}):
        (DOCS / page).write_text(current(page), encoding="utf-8")
