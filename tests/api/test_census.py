"""`invora census`: every declared operation answers on both doors, and the census would notice."""

import socket

import pytest
from click.testing import CliRunner

from api.commands.census import counting
from api.commands.census.command import census
from api.commands.census.doors import Ask, Grpc, Rest
from api.commands.census.recipes import every
from api.commands.census.world import Recipe, said
from api.commands.serving import served
from api.proto.generate import generate, write
from api.rpc import Api
from api.services import SERVICES
from api.services.organizations import OrganizationService
from api.services.taxes import TaxService
from metering.measures.forms import Number
from tests.api.conftest import API, protos
from tests.api.platform.served import ADMIN, open_app, serving
from tests.api.toy import ToyService
from tests.engines import empty_ledger_url, scratch

SECRET = "s" * 40


def closing(output):
    """The last line: how many of how many."""
    return output.splitlines()[-1]


def all_of_them():
    """What the last line says when all is well."""
    total = len(Api(SERVICES).operations)
    return f"{total} of {total} operations answer on both doors"


def test_every_operation_answers_on_a_server_of_its_own():
    """SQLite and DuckDB, in a folder that is gone afterwards."""
    taken = CliRunner().invoke(census)

    assert taken.exit_code == 0, taken.output
    assert closing(taken.output) == all_of_them()


def test_every_operation_answers_on_the_other_pair_of_engines(tmp_path):
    """PostgreSQL and ClickHouse's engine in process, at a server that runs already."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    stores = {
        "ledger_url": empty_ledger_url("postgresql"), "warehouse_url": f"chdb:///{tmp_path}/chdb",
        "admin_key": ADMIN, "secret_key": SECRET, "grpc_port": str(port),
    }  # fmt: skip
    with served(tmp_path, **stores) as url:
        words = [
            "--url", url, "--grpc", f"127.0.0.1:{port}", "--admin-key", ADMIN,
            "--secret-key", SECRET,
        ]  # fmt: skip
        taken = CliRunner().invoke(census, words)

    assert taken.exit_code == 0, taken.output
    assert closing(taken.output) == all_of_them()


def test_whatever_is_wrong_is_counted_and_said():
    """Of five taxes' rows one has no recipe, one refuses otherwise, one answers nothing at all.

    An operation that the server does not know is neither granted nor refused in the right words.
    """
    api, root = Api([OrganizationService, TaxService, ToyService]), scratch() / "census"
    write(generate(api, root), root)
    recipes = {key: recipe for key, recipe in every().items() if key != "TaxService.Get"}
    listed = recipes["TaxService.List"]
    recipes["TaxService.List"] = Recipe(said(search_term="nothing"), listed.refused, listed.code)
    updated = recipes["TaxService.Update"]
    recipes["TaxService.Update"] = Recipe(updated.ask, updated.refused, "tax_is_in_use")
    recipes["ToyService.Get"] = Recipe(said(id="a"), said(id="none"), "toy_not_found")

    with open_app("sqlite") as app, serving(app) as found:
        doors = Rest(api, str(found.http.base_url)), Grpc(api, f"127.0.0.1:{app.grpc_port}", root)
        rows = {row.key: row for row in counting.count(api, recipes, doors, ADMIN, SECRET.encode())}

    bad = {key for key, row in rows.items() if not row.is_good and key.startswith("Tax")}
    assert bad == {"TaxService.Get", "TaxService.List", "TaxService.Update"}
    assert "add a row 'TaxService.Get' to RECIPES in" in rows["TaxService.Get"].cells[0].why
    assert "recipes/taxes.py" in rows["TaxService.Get"].cells[0].why
    assert [cell.is_good for cell in rows["TaxService.List"].cells] == [False, True] * 2
    assert rows["TaxService.List"].cells[0].why == "there is nothing in the answer"
    assert [cell.is_good for cell in rows["TaxService.Update"].cells] == [True, False] * 2
    assert [cell.text for cell in rows["ToyService.Get"].cells] == [
        "404", "404", "UNIMPLEMENTED", "UNIMPLEMENTED",
    ]  # fmt: skip
    assert not any(cell.is_good for cell in rows["ToyService.Get"].cells)
    assert "PlanService.Create" in counting.unused(api, recipes)


@pytest.mark.parametrize(
    ("key", "ask", "answer"),
    [
        ("Count", Ask(said={"upto": 2}), [{"echo": {"said": ["0"]}}, {"echo": {"said": ["1"]}}]),
        ("Gather", Ask(items=({"name": "a"}, {"name": "b"})), {"echo": {"said": ["a:1", "b:1"]}}),
        ("Answer", Ask(items=({"name": "a"},)), [{"echo": {"said": ["a"]}}]),
        ("Throw", Ask(said={"id": "t/1", "reason": {"why": "red"}}),
         {"echo": {"said": ["t/1", "red", "False"]}}),
        ("Silence", Ask(), {}),
        ("ThrowIn", Ask(said={"bin": "b", "verdicts": "all"}, upload=b"xyz", content_type="a/b"),
         {"weight": {"size": 3, "content_type": "a/b", "verdicts": "all"}}),
        ("CreateAgain", Ask(said={"toy": {"name": "x", "price": "1"}}),
         {"toy": {
             "id": "t1", "name": "x", "price": "1", "colour": "red", "is_loud": False,
             "mass": Number("0.5"),
         }}),
    ],
)  # fmt: skip
def test_an_operation_of_any_kind_can_be_asked_at_either_door(toys, key, ask, answer):
    """Streams out, in and both ways, an upload, a body of DELETE, no body, a shared route."""
    op = API[f"ToyService.{key}"]
    rest = Rest(API, f"http://127.0.0.1:{toys.rest_port}").ask(op, ask, "")
    grpc = Grpc(API, f"127.0.0.1:{toys.grpc_port}", protos()).ask(op, ask, "")

    assert counting.bare(rest.answer) == counting.bare(grpc.answer) == answer
    assert (rest.is_ok, rest.status, grpc.is_ok, grpc.status) == (True, "200", True, "OK")


def test_a_file_is_taken_at_either_door(toys):
    """Nine bytes of a picture: in REST the body itself, in gRPC a message of it."""
    op, ask = API["ToyService.Picture"], Ask(said={"id": "7"})
    rest = Rest(API, f"http://127.0.0.1:{toys.rest_port}").ask(op, ask, "")
    grpc = Grpc(API, f"127.0.0.1:{toys.grpc_port}", protos()).ask(op, ask, "")

    assert rest.answer["file"] == {"content_type": "image/png", "data": b"\x89PNG\x007"}
    assert grpc.answer["file"]["data"] == rest.answer["file"]["data"]
    assert grpc.answer["file"]["content_type"] == "image/png"
