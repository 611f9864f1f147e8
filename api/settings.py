"""The settings of a server: environment variables, read here and nowhere else."""

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

LEDGERS = ("sqlite", "postgresql")
WAREHOUSES = ("duckdb", "clickhouse", "chdb")
EMBEDDED = ("sqlite:", "duckdb:", "chdb:")
"""The stores that one process owns."""

SHORTEST = 32
"""Characters that a key of the server has at least."""


class WrongSetting(Exception):
    """A setting that cannot be used; the message says which, why, and what to give instead."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a server is told by its environment. Each field is the variable `INVORA_<FIELD>`."""

    data: Path
    """`INVORA_DATA`: the folder of the embedded stores, of keys made here and of the lock file.
    Default `./invora-data`."""
    ledger_url: str
    """`INVORA_LEDGER_URL`: `sqlite:///file` or `postgresql://user:password@host:port/database`.
    Default: a SQLite file in the data folder."""
    warehouse_url: str
    """`INVORA_WAREHOUSE_URL`: `duckdb:///file`, `clickhouse://user:password@host:port/database` or
    `chdb:///folder`. Default: a DuckDB file in the data folder."""
    host: str
    """`INVORA_HOST`: the address that both doors listen on. Default `127.0.0.1`."""
    port: int
    """`INVORA_PORT`: of REST. Default 8080; 0 takes a free one."""
    grpc_port: int
    """`INVORA_GRPC_PORT`: of gRPC. Default 8081; 0 takes a free one."""
    peer_url: str = ""
    """`INVORA_PEER_URL`: where other processes on one ledger and ClickHouse reach the REST of this
    one, to hand it their events. Default: `http://`, the host or else this machine's name, the
    port."""
    admin_key: str
    """`INVORA_ADMIN_KEY`: opens the operator's own operations, such as creating organizations.
    Default: made once and kept in `admin.key` in the data folder."""
    secret_key: str
    """`INVORA_SECRET_KEY`: signs customers' tokens and seals what is secret; the same in every
    process on one ledger. Default: made once and kept in `secret.key` in the data folder."""
    smtp_url: str
    """`INVORA_SMTP_URL`: `smtp://user:password@host:port` or `smtps://…`, for mails. Default: none,
    and no mail is sent."""
    api_key: str = ""
    """`INVORA_API_KEY`: of an organization, for the commands that act for one, such as `import`.
    Default: none."""
    body_mb: int = 16_384
    """`INVORA_BODY_MB`: megabytes, unpacked, of one body of many events; beyond, it is refused with
    413. Bodies are not held in memory. Default 16384."""
    event_mb: int = 64
    """`INVORA_EVENT_MB`: megabytes of one event in such a body. Default 64."""
    buffer_mb: int = 256
    """`INVORA_BUFFER_MB`: megabytes of events that may wait to be written; beyond, requests are
    answered 429 with Retry-After. Default 256."""
    sources: str = ""
    """`INVORA_SOURCES`: what events are pulled from while a server runs, URLs between white space:
    `folder:///path?organization=ID`, `kafka://host:port/topic?organization=ID`. Default: none."""

    @property
    def is_embedded(self) -> bool:
        """Whether one of the stores is a file that only one process may have open."""
        return self.ledger_url.startswith(EMBEDDED) or self.warehouse_url.startswith(EMBEDDED)

    @property
    def url(self) -> str:
        """Where REST is reached from this machine."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


NAMES = tuple(f"INVORA_{field.upper()}" for field in Settings.__struct_fields__)
"""Every variable that is read."""


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, and make the data folder and the keys that are missing.

    Raises: WrongSetting.
    """
    said = {k: v for k, v in (os.environ if environ is None else environ).items() if v.strip()}
    data = Path(said.get("INVORA_DATA", "invora-data")).absolute()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSetting(f"INVORA_DATA: {data} cannot be made: {error.strerror}.") from error
    host = said.get("INVORA_HOST", "127.0.0.1")
    port = _port(said, "INVORA_PORT", 8080)
    return Settings(
        data=data,
        ledger_url=_url(said, "INVORA_LEDGER_URL", LEDGERS, f"sqlite:///{data}/ledger.sqlite"),
        warehouse_url=_url(
            said, "INVORA_WAREHOUSE_URL", WAREHOUSES, f"duckdb:///{data}/warehouse.duckdb"
        ),
        host=host,
        port=port,
        grpc_port=_port(said, "INVORA_GRPC_PORT", 8081),
        peer_url=_url(said, "INVORA_PEER_URL", ("http", "https"), _reached(host, port)),
        admin_key=_key(said, "INVORA_ADMIN_KEY", data / "admin.key"),
        secret_key=_key(said, "INVORA_SECRET_KEY", data / "secret.key"),
        smtp_url=_url(said, "INVORA_SMTP_URL", ("smtp", "smtps"), ""),
        api_key=said.get("INVORA_API_KEY", "").strip(),
        body_mb=_size(said, "INVORA_BODY_MB", 16_384),
        event_mb=_size(said, "INVORA_EVENT_MB", 64),
        buffer_mb=_size(said, "INVORA_BUFFER_MB", 256),
        sources=said.get("INVORA_SOURCES", "").strip(),
    )


def environment(data: Path, **settings: str) -> dict[str, str]:
    """Return this process's environment for another that is to have other settings.

    `settings` are named as the fields of Settings.
    """
    said = {f"INVORA_{name.upper()}": value for name, value in settings.items()}
    assert set(said) <= set(NAMES), said
    return {**os.environ, "INVORA_DATA": str(data), **said}


def _url(said: Mapping[str, str], name: str, kinds: tuple[str, ...], default: str) -> str:
    url = said.get(name, default)
    kind, _, rest = url.partition(":")
    if url and (kind not in kinds or not rest.startswith("//")):
        # The value may hold a password: only what stands before the colon is said.
        known = " or ".join(f"{known}://…" for known in kinds)
        raise WrongSetting(f"{name} begins with '{kind}': give a URL like {known}.")
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise WrongSetting(f"{name}: its port is no port.") from error
    return url


def _reached(host: str, port: int) -> str:
    """Where other machines find what listens on an address: on all of them, by this one's name."""
    name = socket.gethostname() if host in ("", "0.0.0.0", "::") else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _port(said: Mapping[str, str], name: str, default: int) -> int:
    text = said.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise WrongSetting(f"{name} is '{text}': give the number of a port, 0 to 65535.")
    return int(text)


def _size(said: Mapping[str, str], name: str, default: int) -> int:
    text = said.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 30):
        raise WrongSetting(f"{name} is '{text}': give a number of megabytes, 1 or more.")
    return int(text)


def _key(said: Mapping[str, str], name: str, file: Path) -> str:
    if (key := said.get(name, "").strip()) and len(key) < SHORTEST:
        raise WrongSetting(
            f"{name} has {len(key)} characters: give {SHORTEST} or more that nobody can guess, "
            "or leave it out, and one is made."
        )
    return key or _kept(file)


def _kept(file: Path) -> str:
    """Return the key in a file that only its owner may read, made if it is missing.

    It is written beside and then linked: whoever comes second finds a whole key, and takes that.
    """
    if not file.exists():
        beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(secrets.token_urlsafe(32) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(beside, file)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return file.read_text().strip()
