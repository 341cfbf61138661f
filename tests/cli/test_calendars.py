"""`barograph calendars`."""

from pathlib import Path


def test_calendars_are_made_planned_shown_and_deleted(call, data_dir: Path) -> None:
    def calendars(*words: str) -> str:
        return call("calendars", *words, "--data-dir", data_dir, columns=120).stdout

    assert calendars("list") == "no calendars\n"
    assert calendars("create", "moves", "--for", "web") == "created moves: for web\n"
    planned = calendars("plan", "moves", "move", "2026-01-05T10:00", "2026-01-05T12:00", "--tell", "--shift", "-3600")
    assert planned.splitlines()[1].split("  ") == [
        "Mon 2026-01-05 10:00",
        "Mon 2026-01-05 12:00",
        "move",
        "told all the same; clock -3600 s",
    ]
    ics = data_dir.parent / "a.ics"
    ics.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20990101\nSUMMARY:New year\nEND:VEVENT\nEND:VCALENDAR\n")
    assert calendars("import", "moves", str(ics)) == "planned 1 time in moves\n"
    assert calendars("show", "moves").startswith("moves: for web; times in Europe/Berlin\n")
    assert calendars("list").splitlines()[1].split() == ["moves", "web", "2"]
    assert calendars("delete", "moves", "--yes") == "deleted moves\n"


def test_what_cannot_be_planned_is_told(call, data_dir: Path) -> None:
    def error(*words: str) -> str:
        done = call("calendars", *words, "--data-dir", data_dir)
        assert done.returncode == 1
        return done.stderr

    assert "calendar_id='A b': wanted 1 to 64 lowercase letters" in error("create", "A b")
    assert "No calendar with id [none]" in error("plan", "none", "x", "2026-01-05", "2026-01-06")
    call("calendars", "create", "days", "--data-dir", data_dir)
    assert "wanted an id that no calendar has" in error("create", "days")
    assert "wanted a time after start" in error("plan", "days", "x", "2026-01-05", "2026-01-05")
    assert "wanted --yes" in error("delete", "days")
