"""`barograph store check`."""

from pathlib import Path

from tests.cli.conftest import Call


def test_a_whole_store_is_told_in_a_table(call: Call, data_dir: Path) -> None:
    done = call("store", "check", "--data-dir", data_dir)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split() == ["job", "files", "bytes", "state"]
    assert done.stdout.splitlines()[1].split()[0] == "web"
    assert done.stdout.splitlines()[-1] == "all that is listed is there and whole"


def test_a_damaged_file_is_named_and_given_up_only_when_told_to(call: Call, data_dir: Path) -> None:
    (path,) = data_dir.glob("files/*/web/snapshot-*")
    path.write_bytes(path.read_bytes()[:-1])
    done = call("store", "check", "--data-dir", data_dir)
    assert done.returncode == 1
    assert f"web: {path.name} is damaged\nweb: the newest snapshot is not whole, so the job cannot go on\n" in done.stdout
    assert path.exists()
    refused = call("store", "check", "--drop", "--data-dir", data_dir)
    assert "wanted --yes, as there is no terminal to ask on" in refused.stderr
    assert path.exists()
    done = call("store", "check", "--drop", "--yes", "--data-dir", data_dir)
    assert done.returncode == 0, done.stderr
    assert "web: gave up 1 file; no snapshot was whole, so the job begins anew" in done.stdout
    assert call("store", "check", "--data-dir", data_dir).returncode == 0


def test_a_run_in_the_place_of_a_lost_database_says_how_to_go_on(call: Call, data_dir: Path) -> None:
    (data_dir / "barograph.sqlite").unlink()
    done = call("jobs", "--data-dir", data_dir)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "has files of job web" in done.stderr
    done = call("store", "check", "--data-dir", data_dir)
    assert done.returncode == 1
    assert "files of web (" in done.stdout
