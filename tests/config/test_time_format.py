import pytest

from barograph.config.time_format import java_pattern


@pytest.mark.parametrize(
    ("pattern", "strptime"),
    [
        ("yyyy-MM-dd HH:mm:ssX", "%Y-%m-%d %H:%M:%S%#z"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "%Y-%m-%dT%H:%M:%S%.f%#z"),
        ("dd/MMM/yyyy:HH:mm:ss Z", "%d/%b/%Y:%H:%M:%S %#z"),
        ("yyyy-MM-dd HH:mm:ss,SSS", "%Y-%m-%d %H:%M:%S,%3f"),
        ("EEE, d MMM yy h:mm a", "%a, %d %b %y %I:%M %p"),
        ("yyyyDDD", "%Y%j"),
        ("'at 100% o''clock' yyyyMMdd", "at 100%% o'clock %Y%m%d"),
        ("yyyy''MMdd", "%Y'%m%d"),
    ],
)
def test_java_patterns_are_translated(pattern, strptime):
    assert java_pattern(pattern).strptime == strptime


def test_zones_are_noticed():
    assert java_pattern("yyyy-MM-dd HH:mm:ssXXX").has_offset
    assert java_pattern("yyyy-MM-dd HH:mm VV").has_zone_name
    assert not java_pattern("yyyy-MM-dd").has_offset


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("yyyy-MM-dd Q", "Q has no translation"),
        ("yyyy-MM-dd HH:mm z", "z has no translation"),
        ("yyyy-MM-dd[ HH:mm]", r"\[ has no translation"),
        ("yyyy-MM-dd HH:mm:ss SS", "SS has no translation"),
        ("yyyyMMdd 'x", "position 10 is not closed"),
        ("VV yyyyMMdd", "VV is not at the end"),
        ("HH:mm", r"lacks the year \(yyyy\) and the day"),
        ("yyyyMMdd hh:mm", "lacks AM or PM"),
        ("yyyyMMdd HH", "lacks the minute"),
        ("", "lacks the year"),
    ],
)
def test_what_cannot_be_translated_is_named(pattern, wanted):
    with pytest.raises(ValueError, match=wanted):
        java_pattern(pattern)
