"""The rare model: values judged by how rarely the buckets of their partition have them.

A series is a value of the by field in a partition; its bucket value is 1 where the bucket has rows of it, else no data.
`docs/modelling.md` says what is computed, `kernels/rare_state.hpp` does it.
"""

from typing import ClassVar

import numpy as np

from barograph.kernels import _rare
from barograph.models.base import Kin, Records
from barograph.models.civil import Shifts
from barograph.models.rare_base import Cells, RareBase, described, known, lately
from barograph.models.rare_state import PART, VALUE
from barograph.models.skips import Skips
from barograph.results.arrays import Floats, Structs, as_bytes


class RareModel(RareBase):
    """All values of one measure. Built by `build` only; `snapshot` is the only way out."""

    LAYOUT: ClassVar = {"rare_values": VALUE, "rare_parts": PART}
    RECORDS: ClassVar = Records("rare_values", VALUE, known, lately, described, of_partition=PART.itemsize)

    def grow(self, n_series: int, kin: Kin | None = None) -> None:
        """Add values until there are `n_series`, each in its partition; without `kin` all are in one."""
        self._add(n_series, "part", None if kin is None else kin.partition)

    def expect(  # the same at any time
        self,
        first_bucket_ms: int,  # noqa: ARG002
        buckets: int,
        shifts: Shifts | None = None,  # noqa: ARG002
    ) -> Floats:
        """The share of buckets that have each value now, [S, T]; NaN for one that none had."""
        share = np.empty(self.n_series)
        _rare.shares(as_bytes(self._arrays["rare_values"]), as_bytes(self._arrays["rare_parts"]), share)
        return np.repeat(share[:, None], buckets, axis=1)

    def _kernel(self, cells: Cells, skips: Skips, learn: bool, out: tuple[Floats, Floats, Structs]) -> int:
        return _rare.advance(
            as_bytes(self._arrays["rare_values"]),
            as_bytes(self._arrays["rare_parts"]),
            cells.t,
            cells.row,
            cells.first,
            self.config.bucket_span_ms,
            self._memory,
            learn,
            self.config.ln_threshold,
            skips.planned,
            as_bytes(skips.rules),
            as_bytes(skips.conditions),
            skips.scope,
            np.empty(len(cells.t), np.uint8),
            out[0],
            out[1],
            as_bytes(out[2]),
        )
