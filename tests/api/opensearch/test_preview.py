"""Previews that would never end."""

import pytest

from barograph.api.elastic.errors import ElasticError
from barograph.api.opensearch.preview import _refuse_long
from barograph.api.opensearch.windows import Window
from tests.index.making import NOW_MS, documents

DETECTOR = {
    "indices": ["logs"],
    "time_field": "at",
    "filter_query": {"match_all": {}},
    "detection_interval": {"period": {"interval": 1, "unit": "MINUTES"}},
}


def test_a_preview_over_years_of_minutes_is_refused() -> None:
    index = documents({"at": 0}, {"at": NOW_MS}, mappings={"properties": {"at": {"type": "date"}}})
    window = Window(index, DETECTOR)
    with pytest.raises(ElasticError, match="wanted at most 200,000 intervals with data"):
        _refuse_long(window, (0, NOW_MS + 1))
    _refuse_long(window, (0, NOW_MS))
