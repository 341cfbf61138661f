"""Files read as rows of text, with what every chunk promises."""

import time

from barograph.config.job import DataDescription
from barograph.sources.read import read_files

PLAIN = DataDescription()


def much_later() -> float:
    """A clock on which all files were written long ago."""
    return time.time() + 60


def as_text(value):
    return f"{value:.15g}" if isinstance(value, int | float) else value


def read(path, *, description=PLAIN, **options):
    """All rows as text, the number of malformed ones, and the first examples; checks what every chunk promises."""
    rows, malformed, examples, first = [], 0, [], 0
    for chunk in read_files([path], description, **{"now": much_later, **options}):
        assert chunk.first_row == first
        assert chunk.rows == chunk.frame.height + chunk.malformed > 0
        first += chunk.rows
        assert [first - chunk.rows + at + 1 for at in chunk.bad_rows][:5] == [one.row for one in chunk.examples]
        assert len(chunk.bad_rows) == chunk.malformed
        malformed += chunk.malformed
        rows += [tuple(map(as_text, row)) for row in chunk.frame.rows()]
        examples += [(one.row, one.value) for one in chunk.examples]
    return rows, malformed, examples[:5]


CSV = "time,v,host\n1,2,a\n3,,b\n"


ROWS = [("1", "2", "a"), ("3", None, "b")]


JSON_PARTS = [
    '{"time":1,"v":2}\n',
    '{"time":"x"}\n',
    '{"v":1.5}\n',
    "\n",
    " \n",
    '{"time":\n',
    "junk\n",
    '{"time":"é"}\n',
    "{}\n",
    "x",
]


JSON_PARTS += ['{"a":{"b":1}}\n', '{"a":3}\n', '{"a.b":4,"time":1e3}\r\n', "[1]\n", '{"time":true,"v":"7"}\n', "\xff\n"]


JSON_PARTS += ['{"time":{"q":[1]}}\n']


def content_of(parts):
    """`\\xff` stands for a byte that is not UTF-8."""
    return b"".join(b"\xff" if part == "\xff" else part.replace("\xff", "").encode() for part in parts)
