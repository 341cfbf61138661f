from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from barograph.models.civil import local_ms

MINUTE = 60_000


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_local_time_is_the_zones_own(zone):
    info = ZoneInfo(zone)
    starts = np.arange(1_698_000_000_000, 1_698_000_000_000 + 200 * 86_400_000, 97 * MINUTE, dtype=np.int64)
    got = local_ms(starts, info)
    for start, local in zip(starts[::7].tolist(), got[::7].tolist(), strict=True):
        wall = datetime.fromtimestamp(start / 1000, info)
        seconds = wall.weekday() * 86400 + wall.hour * 3600 + wall.minute * 60 + wall.second
        assert local % (7 * 86_400_000) == seconds * 1000


def test_a_bucket_alone_has_the_local_time_it_has_in_a_chunk():
    starts = np.arange(1_711_800_000_000, 1_711_800_000_000 + 3 * 86_400_000, 5 * MINUTE, dtype=np.int64)
    zone = ZoneInfo("Europe/Paris")
    alone = np.concatenate([local_ms(starts[i : i + 1], zone) for i in range(len(starts))])
    assert np.array_equal(alone, local_ms(starts, zone))
