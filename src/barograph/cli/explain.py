"""`barograph explain`: why a bucket scores what it scores, also a normal one."""
# ruff: noqa: PLC0415  # what is heavy is imported where it is used, so that --help is quick

from typing import TYPE_CHECKING, Annotated, Any

import typer

from barograph.cli.entities import Entities
from barograph.cli.options import DEFAULT_DATA_DIR, DataDir, StoreUrl
from barograph.cli.results import JobId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from barograph.engine.explain import Explanation
    from barograph.jobs.views.explain import Explained
    from barograph.scoring.bucket_sum import BucketSum

_Time = Annotated[
    str,
    typer.Option(
        "--time",
        metavar="TIME",
        help="A time in the bucket, in the job's time zone: 2026-03-01T14:30, or epoch seconds or ms.",
        show_default=False,
    ),
]
_Size = Annotated[int, typer.Option("--size", min=1, metavar="N", help="Explain so many series, the oddest first.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON array instead.")]


def explain(
    job_id: JobId,
    time: _Time,
    entity: Entities = None,
    size: _Size = 1,
    as_json: _Json = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    store: StoreUrl = None,
) -> None:
    """Say why a bucket of a series scores what it scores, also a normal one, and which value would have alerted.

    The factors add up to the score that a record has when it is first written.
    """
    from zoneinfo import ZoneInfo

    from barograph.cli.entities import parsed
    from barograph.config.moment import epoch_ms
    from barograph.jobs.service import Service

    with Service.open(store, data_dir, create=False) as service:
        zone = ZoneInfo(service.job(job_id).time_zone)
        explained = service.explain(job_id, epoch_ms("--time", time, zone), parsed(entity), size=size)
    if as_json:
        _print_json(explained)
        return
    every = zip(explained.explanations, explained.now, explained.influencers, explained.together, strict=True)
    for number, (explanation, now, blamed, together) in enumerate(every):
        if number:
            typer.echo()
        _show(explanation, now, blamed, together, zone)
    if explained.bucket is not None:
        typer.echo()
        _show_bucket(explained, explained.bucket)
    if explained.left_out:
        have = "has" if explained.left_out == 1 else "have"
        more = f"{explained.left_out:,} more series {have} a bucket at this time; --size and --entity show others"
        typer.echo(f"\n{more}", err=True)


def _print_json(explained: "Explained") -> None:
    from dataclasses import asdict

    import msgspec

    from barograph.config.splits import SPLIT_VALUES

    job = explained.job
    whole = None if explained.bucket is None else asdict(explained.bucket)
    if whole is not None:
        del whole["shares"]  # of all series; that of each explanation stands beside it
        whole["members"] = [
            {"share": member.share, "score": member.series.score}
            | {name: value for name, value in asdict(member.series).items() if name in ("measure", *SPLIT_VALUES)}
            for member in explained.members
        ]
        whole["detectors"] = [{"detector_index": at, "share": share} for at, share in explained.detectors.items()]
    documents = [
        {
            **{"job_id": job.job_id, "bucket_span": job.bucket_span_ms // 1000, "record_score": now},
            **{"influencers": blamed},
            **asdict(explanation),
            **{"bucket": whole, "share_of_bucket": share, "together": together},
        }
        for explanation, now, blamed, share, together in zip(
            explained.explanations, explained.now, explained.influencers, explained.shares, explained.together, strict=True
        )
    ]
    typer.echo(msgspec.json.format(msgspec.json.encode(documents), indent=2))


def _show(
    explanation: "Explanation",
    now: float | None,
    blamed: "Sequence[Mapping[str, Any]] | None",
    together: "Sequence[str]",
    zone: "ZoneInfo",
) -> None:
    from barograph.cli.console import show
    from barograph.results.labels import to_blame, when
    from barograph.results.words import RARE, value_text

    function = explanation.measure.function_description
    typer.echo(f"{_whose(explanation)}, {when(explanation.timestamp, zone)} ({zone})")
    typer.echo()
    for sentence in together:
        typer.echo(sentence)
    if together:
        typer.echo()
    if explanation.actual is None:
        typer.echo("no data")
    else:
        typer.echo(f"{_value(explanation, explanation.actual)}; its probability is {explanation.probability:.3g}")
    usual = [end for end in (explanation.typical, explanation.lower, explanation.upper) if end is not None]
    if len(usual) == 3 and function not in RARE:
        typical, lower, upper = (value_text(function, end) for end in usual)
        typer.echo(f"typical {typical}, usually {lower} to {upper}")
    if explanation.gate:
        typer.echo(explanation.gate)
    if blamed is not None:
        typer.echo(to_blame(blamed))
    for table in _tables(explanation, now):
        typer.echo()
        show(table)
    if explanation.anomaly_type == "still":
        typer.echo(f"The very same value again scores {explanation.score:.1f}, however near to the typical one it is.")
    typer.echo()
    typer.echo("What the model believed:")
    for sentence in explanation.model:
        typer.echo(f"  {sentence}")


def _show_bucket(explained: "Explained", bucket: "BucketSum") -> None:
    from rich.text import Text

    from barograph.cli import tables
    from barograph.cli.console import show
    from barograph.scoring.bucket_sum import BUCKET_FACTORS

    factors = tables.plain(f"the whole bucket: {bucket.series:,} series with data", "points", right=("points",))
    for factor in bucket.factors:
        tables.add(factors, BUCKET_FACTORS[factor.name], f"{round(factor.points, 1) + 0.0:+.1f}")
    tables.add(factors, Text("score of the bucket", style="bold"), Text(f"{bucket.score:.1f}", style="bold"))
    show(factors)
    if not explained.members:
        return
    title = "share of what they show together"
    shares = tables.plain("who it is", "score", title, right=(title,))
    for member in explained.members:
        tables.add(shares, _whose(member.series), f"{member.series.score:.1f}", f"{member.share:.1%}")
    others = bucket.series - len(explained.members)
    if others:
        rest = max(1.0 - sum(member.share for member in explained.members), 0.0)
        tables.add(shares, f"{others:,} others", "", f"{rest:.1%}")
    typer.echo()
    show(shares)
    if len(explained.detectors) < 2:
        return
    detectors = tables.plain("which detectors", title, right=(title,))
    for index, share in explained.detectors.items():
        tables.add(detectors, explained.job.detectors[index].detector_description, f"{share:.1%}")
    typer.echo()
    show(detectors)


def _value(explanation: "Explanation", actual: float) -> str:
    """The value and how it compares, in words that have the value, or after it."""
    from barograph.results.words import against_usual_of, value_text

    function, typical = explanation.measure.function_description, explanation.typical
    value = value_text(function, actual)
    if typical is None:
        return value
    # As in `words.compared`: a factor between members of a population says something, however far apart they are.
    bounds = (explanation.lower, explanation.upper) if explanation.measure.over_field_name is None else ()
    against = against_usual_of(function, actual, typical, *bounds)
    return f"{value}, {against}" if against.endswith("usual") else against


def _whose(explanation: "Explanation") -> str:
    """What was measured, and whose it is."""
    from barograph.config.splits import SPLITS
    from barograph.results.words import measure

    splits = ((getattr(explanation.measure, name), getattr(explanation, value)) for name, value in SPLITS)
    whose = "".join(f", {name}={value}" for name, value in splits if name is not None)
    return f"{measure(explanation.measure.statistic, explanation.measure.field_name)}{whose}"


def _tables(explanation: "Explanation", now: float | None) -> "list[Table]":
    from rich.text import Text

    from barograph.cli import tables
    from barograph.results.words import short
    from barograph.scoring.explain import FACTORS

    shown = []
    if explanation.factors:
        factors = tables.plain("what makes the score", "points", right=("points",))
        for factor in explanation.factors:
            tables.add(factors, FACTORS[factor.name], f"{factor.points:+.1f}")
        tables.add(factors, Text("score", style="bold"), Text(f"{explanation.score:.1f}", style="bold"))
        if now is not None and round(now, 1) != round(explanation.score, 1):
            tables.add(factors, "score now, by what the job has shown since", f"{now:.1f}")
        shown.append(factors)
    if explanation.would_score:
        values = tables.plain("would have scored", "at or below", "at or above", right=("at or below", "at or above"))
        for would in explanation.would_score:
            tables.add(
                values, f"{would.score:g}", *("no value" if end is None else short(end, 5) for end in (would.low, would.high))
            )
        shown.append(values)
    return shown
