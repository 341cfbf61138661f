"""Uploaded files: kept for a while, bounded together, looked at."""

import gzip
from pathlib import Path

import pytest

from barograph.config.errors import NotFound, UnreadableInput
from barograph.jobs.drafts.preview import preview
from barograph.jobs.drafts.suggest import job_id_of, suggestion
from barograph.jobs.drafts.uploads import TooLarge, Upload, Uploads


def kept(uploads: Uploads, name: str, content: bytes) -> Upload:
    with uploads.receive(name) as receiving:
        receiving.write(content)
        return receiving.finish()


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", 1 << 20)


def regular(step: int, rows: int, hosts: tuple[str, ...] = ()) -> bytes:
    lines = ["when,host,load" if hosts else "when,load"]
    for at in range(rows):
        for host in hosts or ("",):
            time = 1_700_000_000 + step * at
            lines.append(f"{time},{host},{at % 7 + 0.5}" if hosts else f"{time},{at % 7 + 0.5}")
    return "\n".join(lines).encode()


def test_what_is_not_whole_leaves_nothing_behind(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="max_uploads"):
        kept(uploads, "large.csv", b"x" * ((1 << 20) + 1))
    assert list((tmp_path / "uploads").iterdir()) == []


def test_the_oldest_makes_room_and_is_told_to_be_gone(uploads: Uploads) -> None:
    first, second = kept(uploads, "a.csv", b"x" * 600_000), kept(uploads, "b.csv", b"x" * 600_000)
    assert not first.path.exists()
    assert uploads.get(second.upload_id) == second
    with pytest.raises(NotFound, match="upload the file again"):
        uploads.get(first.upload_id)


def test_uploads_that_come_at_the_same_time_share_the_room(uploads: Uploads) -> None:
    old = kept(uploads, "old.csv", b"x" * 600_000)
    with uploads.receive("a.csv") as one, uploads.receive("b.csv") as other:
        one.write(b"x" * 600_000)
        assert not old.path.exists()
        with pytest.raises(TooLarge, match="being uploaded"):
            other.write(b"x" * 600_000)
        assert one.finish().path.exists()
    assert kept(uploads, "c.csv", b"x" * 400_000).path.exists()


def test_a_name_is_only_a_name(uploads: Uploads, tmp_path: Path) -> None:
    for name in ("../../etc/x.csv", "C:\\data\\x.csv", ""):
        upload = kept(uploads, name, b"a\n1\n")
        assert upload.path.parent == tmp_path / "uploads"
        assert upload.name in ("x.csv", "upload")


def test_errors_name_the_file_as_it_was_called(uploads: Uploads) -> None:
    with pytest.raises(UnreadableInput, match=r"^mine\.csv: "):
        preview(kept(uploads, "mine.csv", b"a,a\n1,2\n"))


def test_the_time_is_found_whatever_it_is_called(uploads: Uploads) -> None:
    rows = "\n".join(f"{at % 28 + 1:02}/03/2024 10:00;{at};x" for at in range(28))
    seen = preview(kept(uploads, "a.csv", f"Datum;Wert;Ort\n{rows}\n".encode()))
    assert seen.time is not None
    assert (seen.time.name, seen.time.time_format) == ("Datum", "dd/MM/yyyy HH:mm")
    assert [column.kind for column in seen.columns] == ["time", "number", "text"]


def test_a_table_without_times_says_so(uploads: Uploads) -> None:
    upload = kept(uploads, "a.csv", b"name,height\nann,170\nbob,181\n")
    suits = suggestion(upload.name, preview(upload))
    assert suits.config is None
    assert "name the one" in suits.reasons["data_description.time_field"]


def test_regular_values_get_a_bucket_each(uploads: Uploads) -> None:
    upload = kept(uploads, "web load (1).csv.gz", gzip.compress(regular(900, 500)))
    config = suggestion(upload.name, preview(upload)).config
    assert config is not None
    assert config["job_id"] == "web-load-1"
    assert config["analysis_config"]["bucket_span"] == "15m"
    assert config["analysis_config"]["detectors"] == [{"function": "mean", "field_name": "load"}]
    assert config["data_description"]["time_field"] == "when"


def test_a_table_of_many_series_is_split_by_what_tells_them_apart(uploads: Uploads) -> None:
    upload = kept(uploads, "a.csv", regular(300, 200, ("a", "b", "c")))
    suits = suggestion(upload.name, preview(upload))
    assert suits.config is not None
    (detector,) = suits.config["analysis_config"]["detectors"]
    assert detector["partition_field_name"] == "host"
    assert suits.config["analysis_config"]["influencers"] == ["host"]
    assert suits.config["analysis_config"]["bucket_span"] == "5m"


def test_an_empty_file_is_seen_as_one(uploads: Uploads) -> None:
    seen = preview(kept(uploads, "a.json", b""))
    assert (seen.rows, seen.columns, seen.time) == (0, (), None)


@pytest.mark.parametrize(
    ("name", "job_id"), [("NYC Taxi.csv", "nyc-taxi"), ("___.csv", "new-job"), ("Ärger.csv", "rger"), ("x" * 80, "x" * 64)]
)
def test_a_job_is_called_after_its_file(name: str, job_id: str) -> None:
    assert job_id_of(name) == job_id
