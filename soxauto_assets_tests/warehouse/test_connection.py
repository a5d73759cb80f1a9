"""Connection strings, secrets, drivers: what is understood, what refused, what stays hidden."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.warehouse.connection import (
    ConnectionString,
    ConnectionStringError,
    DriverManagerMissingError,
    DriverNotFoundError,
    bundled_driver,
    choose_driver,
    understand,
    with_driver_manager,
)

GUIDE = (
    "DRIVER={ODBC Driver 17 for SQL Server};SERVER=your-server;DATABASE=your-db;"
    "UID=your-user;PWD=your-password"
)
RDS = {
    "engine": "sqlserver-se",
    "host": "navbi.example.com",
    "port": 1433,
    "username": "reader",
    "password": 'a{b}c;"d',
    "dbname": "AIG_Nav_DW",
    "dbInstanceIdentifier": "navbi",
}


def test_the_connection_string_of_the_guide_is_understood():
    assert understand(GUIDE).keywords == {
        "driver": "ODBC Driver 17 for SQL Server",
        "server": "your-server",
        "database": "your-db",
        "uid": "your-user",
        "pwd": "your-password",
    }


def test_the_secret_that_rds_rotates_is_understood():
    assert understand(json.dumps(RDS)).keywords == {
        "server": "navbi.example.com,1433",
        "uid": "reader",
        "pwd": 'a{b}c;"d',
        "database": "AIG_Nav_DW",
    }


def test_a_secret_without_port_and_database_goes_to_the_usual_port():
    secret = {name: RDS[name] for name in ("host", "username", "password")}
    assert understand(json.dumps(secret)).keywords["server"] == "navbi.example.com,1433"


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        (" server = a ; uid=b;; ", {"server": "a", "uid": "b"}),
        ("SERVER=a;Password={p;=}}w};", {"server": "a", "pwd": "p;=}w"}),
        ("Data Source=a;User ID=b;Initial Catalog=c", {"server": "a", "uid": "b", "database": "c"}),
        ("SERVER=a;PWD=", {"server": "a", "pwd": ""}),
        ("SERVER=first;SERVER=second", {"server": "first"}),
        ("DSN=navbi", {"dsn": "navbi"}),
        ("SERVER=tcp:h,1433;PWD=a=b", {"server": "tcp:h,1433", "pwd": "a=b"}),
    ],
)
def test_spaces_braces_and_synonyms_are_read_as_odbc_reads_them(text, keywords):
    assert understand(text).keywords == keywords


names = st.sampled_from(["server", "uid", "pwd", "database", "encrypt", "app"])
values = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(st.dictionaries(names, values, min_size=1).map(lambda found: {"server": "s"} | found))
def test_a_written_connection_string_is_read_back_as_it_was(keywords):
    keywords["server"] = keywords["server"] or "s"
    written = ConnectionString(keywords).text()
    assert dict(understand(written).keywords) == keywords


CANARY = "hunter2-canary"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (f"SERVER=s;PWD={{{CANARY}", "cannot be read from character 10 on"),
        (f"{CANARY}", "cannot be read from character 1 on"),
        (f"UID=u;PWD={CANARY}", "names no SERVER"),
        (f'{{"password": "{CANARY}"', "begins like JSON and is none"),
        (json.dumps({"host": "h", "password": CANARY}), "lacks username"),
        (json.dumps({"engine": "postgres", "password": CANARY}), "engine 'postgres'"),
        (
            json.dumps({"host": "h", "username": "u", "password": CANARY, "port": CANARY}),
            "no port number",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_without_showing_it(secret, said):
    with pytest.raises(ConnectionStringError, match=said) as caught:
        understand(secret)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused_and_never_shown(text):
    try:
        shown = repr(understand(text + CANARY))
    except ConnectionStringError as error:
        shown = str(error)
    assert CANARY not in shown


def test_a_connection_string_shows_server_and_login_and_hides_the_rest():
    found = understand(f"SERVER=s,1;UID=reader;PWD={CANARY}")
    assert (found.server, found.login) == ("s,1", "reader")
    assert CANARY not in repr(found)
    assert CANARY in found.text()


def test_the_driver_of_the_setting_wins_over_all_others(tmp_path):
    driver = tmp_path / "libmine.so"
    driver.touch()
    chosen = choose_driver(
        "Named", driver, registered=lambda: ("Named",), bundled=lambda: Path("/bundled.so")
    )
    assert chosen == str(driver)


def test_a_driver_of_the_setting_that_is_missing_is_an_error_and_nothing_else_is_tried():
    with pytest.raises(
        DriverNotFoundError,
        match=r"ODBC_DRIVER_PATH=/nowhere\.so is no file\. Drivers found: Named, /bundled\.so\.",
    ):
        choose_driver(
            "Named",
            Path("/nowhere.so"),
            registered=lambda: ("Named",),
            bundled=lambda: Path("/bundled.so"),
        )


@pytest.mark.parametrize(
    ("named", "registered", "chosen"),
    [
        ("odbc driver 17", ("ODBC Driver 17",), "odbc driver 17"),
        ("ODBC Driver 17 for SQL Server", (), "/bundled.so"),
        ("/not/there.so", (), "/bundled.so"),
        (None, ("Other",), "/bundled.so"),
    ],
)  # fmt: skip
def test_a_named_driver_that_is_not_installed_gives_way_to_the_bundled_one(
    named, registered, chosen
):
    found = choose_driver(
        named, None, registered=lambda: registered, bundled=lambda: Path("/bundled.so")
    )
    assert found == chosen


def test_without_any_driver_the_error_lists_what_was_found():
    with pytest.raises(
        DriverNotFoundError, match=r"'Wanted' of the connection string .* Drivers found: SQLite3"
    ):
        choose_driver("Wanted", None, registered=lambda: ("SQLite3",), bundled=lambda: None)


@pytest.mark.parametrize(
    ("os_release", "family"),
    [
        ('ID=debian\nVERSION_ID="12"', "debian_ubuntu"),
        ("ID=ubuntu\nID_LIKE=debian", "debian_ubuntu"),
        ('ID="amzn"\nID_LIKE="fedora"', "rhel"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"', "suse"),
        ("", "debian_ubuntu"),
    ],
)
def test_the_bundled_driver_is_the_build_for_this_linux(os_release, family):
    driver = bundled_driver(os_release)
    assert driver is not None
    assert (driver.is_file(), driver.parents[2].name) == (True, family)


def test_a_missing_driver_manager_is_told_with_the_command_that_installs_it(tmp_path, monkeypatch):
    (tmp_path / "needs_odbc.py").write_text(
        "raise ImportError('libodbc.so.2: cannot open shared object file')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DriverManagerMissingError, match="apt-get install unixodbc"):
        with_driver_manager("needs_odbc")
