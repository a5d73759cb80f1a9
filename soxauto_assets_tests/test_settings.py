from pathlib import Path

import pytest

from soxauto_assets.settings import InvalidSettingError, Settings


def test_an_empty_environment_gives_the_documented_defaults():
    rows = {name: (value, default) for name, value, default, _ in Settings.load({}).table()}
    assert rows["S3_EVIDENCE_BUCKET"] == ("jumia-sox-evidence", True)
    assert rows["ATHENA_OUTPUT_LOCATION"] == ("s3://jumia-sox-athena-staging/", True)
    assert rows["CUTOFF_DATE"] == ("", True)
    assert {
        "AWS_REGION", "AWS_DEFAULT_REGION", "CUTOFF_DATE", "LOG_LEVEL", "S3_RESULTS_BUCKET",
        "S3_EVIDENCE_BUCKET", "ATHENA_DATABASE", "ATHENA_OUTPUT_LOCATION", "ODBC_DRIVER_PATH",
    } <= rows.keys()  # fmt: skip


def test_a_value_from_the_environment_wins_over_the_default():
    settings = Settings.load({"SOXAUTO_HOME": "/srv/sox", "SOXAUTO_TIME_ZONE": "Africa/Lagos"})
    assert (settings.home, settings.zone.key) == (Path("/srv/sox"), "Africa/Lagos")


def test_an_empty_value_counts_as_unset():
    assert Settings.load({"LOG_LEVEL": ""}).log_level == "INFO"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SOXAUTO_HOM": "x"}, r"SOXAUTO_HOM .* Did you mean SOXAUTO_HOME\?"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL='LOUD'"),
        ({"SOXAUTO_TIME_ZONE": "Mars/Base"}, "SOXAUTO_TIME_ZONE='Mars/Base'"),
        ({"SOXAUTO_DEMO_SIZE": "0"}, "SOXAUTO_DEMO_SIZE='0'"),
        ({"SOXAUTO_LEASE_SECONDS": "soon"}, "SOXAUTO_LEASE_SECONDS='soon'"),
        ({"ATHENA_OUTPUT_LOCATION": "/tmp"}, "ATHENA_OUTPUT_LOCATION='/tmp'"),
        ({"CUTOFF_DATE": "soon"}, "CUTOFF_DATE='soon'"),
        ({"S3_RESULTS_BUCKET": "s3://results"}, "S3_RESULTS_BUCKET='s3://results'"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3 disagree"),
    ],
)
def test_an_unknown_or_malformed_variable_is_refused_by_name(environment, said):
    with pytest.raises(InvalidSettingError, match=said):
        Settings.load(environment)


@pytest.mark.parametrize("name", ["SOXAUTO_UI_URL", "SOXAUTO_TSA_URL", "SOXAUTO_AWS_ENDPOINT"])
def test_an_address_with_a_password_is_refused_and_not_repeated(name):
    with pytest.raises(InvalidSettingError) as refused:
        Settings.load({name: "https://sox:hun/ter2@example.org"})
    assert refused.value.problem.startswith(f"{name}='https://***@example.org' is malformed")


def test_variables_of_other_programs_are_left_alone():
    assert Settings.load({"PATH": "/bin", "S3_SOMETHING": "x"}) == Settings.load({})


def test_a_home_may_be_named_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.load({"SOXAUTO_HOME": "here"}).home == tmp_path / "here"
