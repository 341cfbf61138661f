"""The migrations make the tables that `tables.py` describes, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from barograph.config.errors import OtherVersion
from barograph.results import schema
from barograph.results.counts import DataCounts
from barograph.store import tables
from barograph.store.database import SCHEMA, Database
from barograph.store.migrate import HEAD, SCRIPTS, VERSION_TABLE, migrate
from barograph.store.store import Store


@pytest.fixture
def database(url, tmp_path):
    opened = Database.sqlite(tmp_path / "one.sqlite") if url is None else Database.postgresql(url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def described(request, url, tmp_path):
    """A second, empty database with the tables of `tables.py`, made without migrations."""
    if url is None:
        opened = Database.sqlite(tmp_path / "two.sqlite")
    else:
        opened = Database.postgresql(request.getfixturevalue("postgres")())
    with opened.write() as connection:
        if url is not None:
            connection.execute(sa.schema.CreateSchema(SCHEMA))
        tables.METADATA.create_all(connection)
    yield opened
    opened.engine.dispose()


def shape(database: Database) -> dict:
    """All that the database itself says of its tables."""
    found = {}
    with database.read() as connection:
        inspector = sa.inspect(connection)
        for name in set(inspector.get_table_names(SCHEMA if database.is_postgresql else None)) - {VERSION_TABLE}:
            where = {"schema": SCHEMA} if database.is_postgresql else {}
            # Sorted: what a later migration adds comes last, and no query depends on the place of a column.
            columns = sorted((one["name"], str(one["type"]), one["nullable"]) for one in inspector.get_columns(name, **where))
            key = inspector.get_pk_constraint(name, **where)["constrained_columns"]
            found[name] = (columns, key, inspector.get_indexes(name, **where))
        if not database.is_postgresql:
            made = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
            found["rowid"] = sorted(name for name, sql in made if "WITHOUT ROWID" not in sql and name != VERSION_TABLE)
    return found


def test_migrations_make_the_tables_that_are_described(database, described):
    migrate(database)
    made, wanted = shape(database), shape(described)
    assert set(tables.METADATA.tables) <= set(made)
    assert made == wanted


def test_alembic_finds_nothing_to_change(database):
    migrate(database)
    with database.engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), tables.METADATA) == []


def test_tables_are_stored_in_the_order_of_their_keys(tmp_path):
    with Store.open(None, tmp_path) as store, store._database.read() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM record WHERE job_id = 'a' AND timestamp >= 1 ORDER BY timestamp, seq"
        ).all()
    assert len(plan) == 1
    assert "SEARCH record USING PRIMARY KEY (job_id=? AND timestamp>?)" in plan[0][3]


def test_head_is_the_newest_script():
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_every_result_column_is_in_its_table():
    for table, columns in (
        (tables.BUCKET, schema.BUCKETS),
        (tables.RECORD, schema.RECORDS),
        (tables.INFLUENCER, schema.INFLUENCERS),
        (tables.BUCKET_INFLUENCER, schema.BUCKET_INFLUENCERS),
        (tables.ANNOTATION, schema.ANNOTATIONS),
    ):
        assert {one.name for one in columns} - set(table.c.keys()) <= {"influencers"}  # which has a table of its own
    assert {one.name for one in fields(DataCounts)} == set(tables.DATA_COUNTS.c.keys()) - {"job_id"}


def test_a_second_open_changes_nothing(database):
    first = migrate(database)
    before = shape(database)
    assert migrate(database) == first
    assert shape(database) == before


def test_many_may_open_an_empty_store_at_once(url, tmp_path):
    def open_once(_: int) -> str:
        with Store.open(url, tmp_path / "data") as store:
            return store._files.name

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(open_once, range(6)))) == 1


def test_a_store_of_a_newer_version_is_refused(database):
    migrate(database)
    with database.write() as connection:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(OtherVersion, match=f"has tables of version 9999: this Barograph knows them up to {HEAD}; upgrade it"):
        migrate(database)


def test_tables_of_others_in_the_same_database_are_left_alone(postgres):
    url = postgres()
    database = Database.postgresql(url)
    with database.write() as connection:
        connection.execute(sa.text("CREATE TABLE public.job (mine integer)"))
        connection.execute(sa.text("CREATE TABLE public.alembic_version (version_num text)"))
    migrate(database)
    with database.read() as connection:
        assert [one["name"] for one in sa.inspect(connection).get_columns("job", schema="public")] == ["mine"]
    database.engine.dispose()


def test_records_of_an_old_store_are_counted_and_told_apart_as_new_ones(url, make, tmp_path):
    with Store.open(url, tmp_path / "data") as store:
        for name in ("web", "other"):
            store.create_job(make.job(name), now_ms=1)
            store.commit(name, make.results(0, 9), make.snapshot(1), [])
        database = store._database
        rows = sa.select(tables.BUCKET_SERIES).order_by("job_id", "timestamp")
        with database.write() as connection:
            wanted = connection.execute(rows).all()
            connection.execute(sa.schema.DropTable(tables.BUCKET_SERIES))
            for later in ("alert_message_by_alert", "influencer_by_score"):
                connection.exec_driver_sql(f"DROP INDEX {later}")
            connection.exec_driver_sql("ALTER TABLE job DROP COLUMN data_time")
            connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0016'")
        migrate(database)
        with database.read() as connection:
            assert len(wanted) == 18
            assert connection.execute(rows).all() == wanted
