"""Settings: read in one place, made where they are missing, and refused in words."""

import stat

import msgspec
import pytest

from api import settings
from api.settings import NAMES, Settings, WrongSetting
from tests.house.source import ROOT


def read(folder, **said):
    """Read settings from an environment that says this and nothing else."""
    return settings.read({"INVORA_DATA": str(folder), **said})


def test_without_a_word_there_is_a_whole_server(tmp_path):
    """Embedded stores in the data folder, two ports, this machine only, and no mail."""
    found = read(tmp_path / "deep" / "data")

    folder = tmp_path / "deep" / "data"
    assert found.ledger_url == f"sqlite:///{folder}/ledger.sqlite"
    assert found.warehouse_url == f"duckdb:///{folder}/warehouse.duckdb"
    assert (found.host, found.port, found.grpc_port) == ("127.0.0.1", 8080, 8081)
    assert (found.smtp_url, found.is_embedded) == ("", True)
    assert found.url == "http://127.0.0.1:8080"


def test_missing_keys_are_made_once_and_for_their_owner_alone(tmp_path):
    """Read twice, they are the same; in another folder, others; their files are for one user."""
    first, second = read(tmp_path / "a"), read(tmp_path / "a")
    other = read(tmp_path / "b")

    assert (first.admin_key, first.secret_key) == (second.admin_key, second.secret_key)
    assert len({first.admin_key, first.secret_key, other.admin_key, other.secret_key}) == 4
    for name in ("admin.key", "secret.key"):
        assert stat.S_IMODE((tmp_path / "a" / name).stat().st_mode) == 0o600
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == ["admin.key", "secret.key"]


def test_what_is_said_is_taken(tmp_path):
    """Every variable, and an empty one as if it were not there."""
    found = read(
        tmp_path,
        INVORA_LEDGER_URL="postgresql://u:p@h:5432/d", INVORA_WAREHOUSE_URL="clickhouse://h:8123/d",
        INVORA_HOST="0.0.0.0", INVORA_PORT="0", INVORA_GRPC_PORT=" ", INVORA_ADMIN_KEY="a" * 32,
        INVORA_SECRET_KEY="s" * 32, INVORA_SMTP_URL="smtp://h:25", INVORA_API_KEY="k",
        INVORA_PEER_URL="http://p:1", INVORA_BODY_MB="1", INVORA_EVENT_MB="2",
        INVORA_BUFFER_MB="3", INVORA_SOURCES="folder:///in?organization=o",
    )  # fmt: skip

    assert found == Settings(
        data=tmp_path, ledger_url="postgresql://u:p@h:5432/d",
        warehouse_url="clickhouse://h:8123/d", host="0.0.0.0", port=0, grpc_port=8081,
        admin_key="a" * 32, secret_key="s" * 32, smtp_url="smtp://h:25", peer_url="http://p:1",
        api_key="k", body_mb=1, event_mb=2, buffer_mb=3, sources="folder:///in?organization=o",
    )  # fmt: skip
    assert not found.is_embedded
    assert found.url == "http://127.0.0.1:0"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("INVORA_PORT", "http", "give the number of a port"),
        ("INVORA_PORT", "65536", "give the number of a port"),
        ("INVORA_BODY_MB", "0", "give a number of megabytes, 1 or more"),
        ("INVORA_EVENT_MB", "1.5", "give a number of megabytes, 1 or more"),
        ("INVORA_GRPC_PORT", "-1", "give the number of a port"),
        ("INVORA_LEDGER_URL", "mysql://h/d", "sqlite://… or postgresql://…"),
        ("INVORA_LEDGER_URL", "ledger.sqlite", "sqlite://… or postgresql://…"),
        ("INVORA_LEDGER_URL", "postgresql:h", "sqlite://… or postgresql://…"),
        ("INVORA_LEDGER_URL", "postgresql://h:no/d", "its port is no port"),
        ("INVORA_WAREHOUSE_URL", "sqlite:///x", "duckdb://… or clickhouse://… or chdb://…"),
        ("INVORA_SMTP_URL", "mail.example.com", "smtp://… or smtps://…"),
        ("INVORA_ADMIN_KEY", "short", "give 32 or more"),
        ("INVORA_SECRET_KEY", "s" * 31, "has 31 characters"),
        ("INVORA_DATA", "/dev/null/x", "cannot be made"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(tmp_path, name, value, said):
    """The message names the variable and says what to give; it never repeats a password."""
    with pytest.raises(WrongSetting) as wrong:
        read(tmp_path, **{name: value})

    assert str(wrong.value).startswith(name)
    assert said in str(wrong.value)


def test_a_password_is_not_repeated(tmp_path):
    """Not even where the URL that holds it is wrong."""
    with pytest.raises(WrongSetting) as wrong:
        read(tmp_path, INVORA_LEDGER_URL="mysql://user:hunter2@h/d")
    assert "hunter2" not in str(wrong.value)


def test_each_setting_is_explained_where_it_is_declared():
    """By a docstring that begins with its variable."""
    text = (ROOT / "api" / "settings.py").read_text()

    assert len(NAMES) == len(msgspec.structs.fields(Settings)) == 15
    for name in NAMES:
        assert f'"""`{name}`: ' in text, name
