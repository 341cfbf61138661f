"""What a job holds in memory, and what it has no room for."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Sizes:
    """As of a snapshot.

    Attributes:
        parts: bytes by what they are for, the largest first; what lies on the disk is not in it.
        peak: the most bytes that all parts have had together.
        asleep: series that lie on the disk until they have data again.
        refused_rows: rows of new series that there was no room for; they are left out.
        refused_buckets: buckets with such rows.
        left_out: how often what an influencer value usually does was forgotten, as there is no room for more of them.
    """

    parts: dict[str, int] = field(default_factory=dict)
    peak: int = 0
    asleep: int = 0
    refused_rows: int = 0
    refused_buckets: int = 0
    left_out: int = 0

    @property
    def total(self) -> int:
        """Bytes of all parts."""
        return sum(self.parts.values())

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str | None) -> "Sizes":
        """Read `text` back; nothing is known where there is none."""
        return cls() if text is None else cls(**json.loads(text))
