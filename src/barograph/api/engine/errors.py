"""Errors as clients of the Engine API know them: a message and a number, which says what is wrong."""

from enum import IntEnum
from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from barograph.api.errors import HttpProblem, status_of
from barograph.config.errors import BarographError, ConfigError, Conflict, OtherVersion, StorageFailure, UnreadableInput
from barograph.jobs.service import NoSuchJob
from barograph.jobs.workers import Overloaded


class Code(IntEnum):
    """The numbers of the Engine API. Its Java client refuses a number that is not among them."""

    UNKNOWN = 0
    CONFIG_PARSE = 10101
    CONFIG_UNKNOWN_FIELD = 10102
    INVALID_VALUE = 10104
    UNKNOWN_FUNCTION = 10105
    INVALID_FIELD_SELECTION = 10106
    INCOMPLETE_CONFIGURATION = 10107
    INVALID_DATE_FORMAT = 10108
    JOB_ID_TAKEN = 10110
    PROHIBITED_CHARACTER_IN_JOB_ID = 10111
    JOB_ID_TOO_LONG = 10112
    PROHIBITED_CHARACTER_IN_FIELD_NAME = 10113
    INVALID_FUNCTION = 10114
    INVALID_UPDATE_KEY = 10115
    DETECTOR_PARSE = 10116
    DETECTOR_UNKNOWN_FIELD = 10117
    ENCRYPTION = 10118
    INVALID_EXCLUDE_FREQUENT = 10119
    UNKNOWN_TRANSFORM = 10201
    TRANSFORM_INPUT_COUNT = 10202
    TRANSFORM_OUTPUTS_UNUSED = 10203
    TRANSFORM_CIRCULAR = 10204
    TRANSFORM_DUPLICATE_OUTPUT = 10205
    TRANSFORM_ARGUMENT_COUNT = 10206
    SINGLE_LINE_NEEDS_TRANSFORMS = 10207
    TRANSFORM_NEEDS_CONDITION = 10208
    UNKNOWN_OPERATOR = 10209
    CONDITION_ARGUMENT = 10210
    TRANSFORM_OUTPUT_COUNT = 10211
    TRANSFORM_EMPTY_INPUT = 10212
    TRANSFORM_EMPTY_OUTPUT = 10213
    TRANSFORM_ARGUMENT = 10214
    TRANSFORM_PARSE = 10215
    TRANSFORM_UNKNOWN_FIELD = 10216
    SCHEDULER_DATA_SOURCE = 10301
    SCHEDULER_FIELD = 10302
    SCHEDULER_OPTION = 10303
    SCHEDULER_NEEDS_BUCKET_SPAN = 10304
    SCHEDULER_NO_LATENCY = 10305
    SCHEDULER_NEEDS_SUMMARY_COUNT = 10306
    SCHEDULER_DATA_FORMAT = 10307
    SCHEDULER_CREDENTIALS = 10308
    SCHEDULER_TWO_PASSWORDS = 10309
    DATA_STORE = 20001
    MISSING_JOB = 20101
    DATA = 30001
    MISSING_FIELD = 30101
    NOT_GZIP = 30102
    TOO_MANY_BAD_DATES = 30103
    TOO_MANY_BAD_RECORDS = 30104
    TOO_MANY_OUT_OF_ORDER = 30105
    TOO_MANY_JOBS = 30106
    MALFORMED_JSON = 30107
    PROCESS_START = 40101
    CONCURRENT_USE = 40103
    LOG_DIRECTORY = 50101
    LOG_FILE = 50102
    LOG_PATH = 50103
    DATE = 60101
    SORT_FIELD = 60102
    JOB_NOT_RUNNING = 60103
    THRESHOLD = 60104
    TIMEOUT = 60105
    FLUSH_PARAMETERS = 60106
    END_BEFORE_START = 60107
    RESET_RANGE = 60108
    RESET_NEEDS_LATENCY = 60109
    SKIP = 60110
    TAKE = 60111
    ALERT_TYPE = 60112
    INFLUENCERS_HAVE_NO_PROBABILITY = 60113
    SCHEDULER_START = 60114
    SCHEDULER_STOP = 60115
    NO_SUCH_SCHEDULED_JOB = 60116
    NOT_FOR_SCHEDULED_JOBS = 60117
    REVERT_PARAMETERS = 60118
    NO_SUCH_SNAPSHOT = 60119
    JOB_NOT_CLOSED = 60120
    DESCRIPTION = 60121
    DESCRIPTION_TAKEN = 60122
    PAUSE = 60123
    RESUME = 60124
    HIGHEST_PRIORITY_SNAPSHOT = 60125
    SCHEDULER_UPDATE = 60126


_STATUS: Final = {
    Code.MISSING_JOB: 404,
    Code.NO_SUCH_SNAPSHOT: 404,
    Code.LOG_DIRECTORY: 404,
    Code.LOG_FILE: 404,
    Code.CONCURRENT_USE: 409,
    Code.TOO_MANY_JOBS: 429,
    Code.DATA_STORE: 500,
    Code.PROCESS_START: 500,
}


class EngineError(HttpProblem):
    """An error as clients of the Engine API know it.

    Attributes:
        status: the HTTP status; that of the code unless it is given.
        code: the number.
    """

    def __init__(self, code: Code, message: str, status: int | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(_STATUS.get(code, 400) if status is None else status, message, headers)
        self.code = code

    def body(self) -> dict[str, Any]:
        """The document that tells it."""
        return {"message": str(self), "errorCode": int(self.code)}


def no_job(job_id: str) -> EngineError:
    """There is no such job."""
    return EngineError(Code.MISSING_JOB, f"No known job with id '{job_id}'")


_CODES: Final[tuple[tuple[type[BarographError], Code], ...]] = (
    (Overloaded, Code.TOO_MANY_JOBS),
    (Conflict, Code.CONCURRENT_USE),
    (ConfigError, Code.INVALID_VALUE),
    (UnreadableInput, Code.DATA),
    (StorageFailure, Code.DATA_STORE),
    (OtherVersion, Code.PROCESS_START),
)


def as_engine(error: Exception) -> EngineError:
    """Any error as one that clients of the Engine API know."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, NoSuchJob):
        return no_job(error.job_id)
    if isinstance(error, BarographError | HttpProblem):
        code = next((code for kind, code in _CODES if isinstance(error, kind)), Code.UNKNOWN)
        return EngineError(code, str(error), status_of(error), getattr(error, "headers", None))
    message = "the server failed; its log says why, under the request's id (X-Request-Id)"
    return EngineError(Code.UNKNOWN, message, 500)


def render(scope: Scope, error: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(error, HTTPException):  # of the router: no such path, or not with this method
        told = EngineError(Code.UNKNOWN, f"no resource {scope['method']} {scope['path']}", error.status_code)
    else:
        told = as_engine(error)
    return Response(orjson.dumps(told.body()), told.status, told.headers, "application/json")
