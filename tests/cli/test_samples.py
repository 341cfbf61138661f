from itertools import pairwise

from barograph.samples import NYC_TAXI


def test_labels_lie_in_the_series_in_the_zone_of_its_job() -> None:
    causes = NYC_TAXI.causes()
    assert [cause.name for cause in causes][1:] == ["Thanksgiving", "Christmas", "New Year", "Snow storm"]
    assert causes[0].start_ms == 1_414_697_400_000  # 2014-10-30 15:30 in New York, daylight saving time
    assert all(one.end_ms < other.start_ms for one, other in pairwise(causes))


def test_the_series_has_what_its_job_reads() -> None:
    job, frame = NYC_TAXI.job(), NYC_TAXI.frame()
    assert frame.height == 10_320
    assert frame.columns == [job.time_field, *job.fields]


def test_notice_and_source_ship_beside_the_series() -> None:
    notice = NYC_TAXI.data_file.with_name("README.md").read_text()
    assert "Copyright 2014-2024 Numenta Inc." in notice
    assert "Permission is hereby granted, free of charge" in notice
    assert NYC_TAXI.data_file.stat().st_size < 300_000
