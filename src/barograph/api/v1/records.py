"""Records of several jobs, as the page's table shows them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

import polars as pl
import polars.selectors as cs
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from barograph.api.server import Server
from barograph.api.v1.answers import ServedRoute, answer
from barograph.api.v1.parameters import (
    By,
    Cursor,
    Expressions,
    Filter,
    From,
    Interim,
    LaneNames,
    To,
    cursor_after,
    offset_of,
)
from barograph.config.errors import BadRequest
from barograph.jobs.service import Asked, RecordsAsked, Service
from barograph.jobs.views.scope import OVERALL
from barograph.results import words

_IMPACTS = ("characteristics_impact", "single_bucket_impact", "means_impact")
_MOST_IN_A_FILE = 1_000_000
_ROWS_AT_ONCE = 20_000
"""Of a file: so many are in memory."""
_FORMULA = r"^[=+\-@\t\r]"
"""How a spreadsheet knows a formula: an apostrophe before it makes it a text, whoever called a host so."""


class FoundRecords(BaseModel):
    """A page of records, with the columns that `docs/results.md` describes, and `job_id`, `id`, words, and what it stands for.
    Of times of the day or week and of places, `actual_text` and `typical_text` are how a person writes them.

    `records` is how many records the `total` rows stand for; `in_time` how many there are in that time whatever else is asked;
    `interval` what `iv=auto` has become; `highest` the highest score of them.
    """

    total: int
    records: int
    in_time: int
    interval: str
    highest: float | None
    next: str | None
    rows: list[dict[str, Any]]


Severities = Annotated[
    list[int] | None, Query(max_length=5, description="only these severities, by their least scores: 0, 3, 25, 50, 75")
]
Interval = Annotated[
    Literal["auto", "hour", "day", "all"], Query(description="of each series only the worst record of each hour, or day")
]
Zone = Annotated[str, Query(max_length=100, description="IANA time zone of these hours and days")]
SortBy = Annotated[
    str,
    Query(
        max_length=50, description="time, score, detector, entity, actual, typical, probability or job; `-` from the highest"
    ),
]


def router(server: Server) -> APIRouter:
    """Its routes."""
    routes, service = APIRouter(route_class=ServedRoute, tags=["results"]), server.service

    @routes.get(
        "/records",
        response_model=FoundRecords,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    def find_records(
        request: Request,
        job: Expressions = None,
        from_: From = None,
        to: To = None,
        q: Filter = "",
        by: By = OVERALL,
        lane: LaneNames = None,
        sev: Severities = None,
        iv: Interval = "auto",
        tz: Zone = "UTC",
        interim: Interim = True,
        sort: SortBy = "-score",
        page: Annotated[int, Query(ge=0, le=1_000_000, description="which page, from 0; `cursor` wins")] = 0,
        size: Annotated[int, Query(ge=1, le=1000, description="rows on a page")] = 25,
        cursor: Cursor = None,
        format_: Annotated[Literal["json", "csv"], Query(alias="format", description="csv: all rows, as a file")] = "json",
    ) -> Response:
        """Find records of several jobs, a page at a time, with exact totals."""
        offset = page * size if cursor is None else offset_of(cursor)
        asked = RecordsAsked(
            Asked(job or ["_all"], q, by, tuple(lane or ())),
            from_,
            to,
            None if sev is None else tuple(sev),
            iv,
            tz,
            not interim,
            sort.removeprefix("-"),
            sort.startswith("-"),
            offset,
            size,
        )
        if format_ == "csv":
            return _file(service, replace(asked, offset=0, size=_ROWS_AT_ONCE))
        found = service.found_records(asked)
        records = found.records
        return answer(
            request,
            {
                "total": records.total,
                "records": records.records,
                "in_time": records.in_time,
                "interval": found.interval,
                "highest": records.highest,
                "next": cursor_after(offset, records.rows.height, records.total),
                "rows": told(service, records.rows),
            },
        )

    return routes


def told(service: Service, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Records with their ids and words; rows as of `store.found_records`."""
    detectors = {
        job_id: [detector.detector_description for detector in service.job(job_id).detectors]
        for job_id in frame["job_id"].unique().to_list()
    }
    return [{**row, **_words(row, detectors[row["job_id"]])} for row in frame.iter_rows(named=True)]


def _words(row: dict[str, Any], detectors: list[str]) -> dict[str, Any]:
    impacts = {}
    for name in _IMPACTS:
        step, word = words.impact(row[name] or 0)
        impacts[name.removesuffix("_impact")] = {"value": row[name] or 0, "step": step, "word": word}
    return {
        "id": f"{row['job_id']}/{row['timestamp']}/{row['seq']}",
        "detector": detectors[row["detector_index"]],
        "measure": words.measure(row["function_description"], row["field_name"]),
        "description": words.record_compared(row),
        **{f"{name}_text": words.written(row["function_description"], row[name]) for name in ("actual", "typical")},
        "multi_bucket": words.multi_bucket(row["multi_bucket_impact"]),
        "impacts": impacts,
    }


def _file(service: Service, asked: RecordsAsked) -> Response:
    """All rows as CSV, made piece by piece while it is sent; who is to blame as FIELD=VALUE, one after the other."""
    first = service.found_records(asked)
    total = first.records.total
    if total > _MOST_IN_A_FILE:
        raise BadRequest(f"format=csv: wanted at most {_MOST_IN_A_FILE:,} rows; there are {total:,}: choose a shorter time")

    def pieces() -> Iterator[str]:
        yield _csv(first.records.rows, header=True)
        for offset in range(_ROWS_AT_ONCE, total, _ROWS_AT_ONCE):
            piece = service.found_records(replace(asked, offset=offset, interval=first.interval))
            yield _csv(piece.records.rows, header=False)

    headers = {"Content-Disposition": 'attachment; filename="anomalies.csv"'}
    return StreamingResponse(pieces(), headers=headers, media_type="text/csv; charset=utf-8")


def _csv(frame: pl.DataFrame, *, header: bool) -> str:
    entity = pl.concat_str(
        pl.element().struct["influencer_field_name"],
        pl.lit("="),
        pl.element().struct["influencer_field_values"].list.join(" "),
    )
    flat = frame.with_columns(pl.col("influencers").list.eval(entity).list.join("; "))
    times = pl.from_epoch("timestamp", "ms").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("time")
    harmless = flat.with_columns(times, cs.string().str.replace(_FORMULA, "'$0"))
    return harmless.select("time", pl.exclude("time")).write_csv(include_header=header)
