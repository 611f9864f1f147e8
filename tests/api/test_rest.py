"""What is REST's own: paths, queries, bodies, headers, statuses."""

import logging
import socket

import pytest

from api import rest
from tests.api.conftest import Doors, on_toys

TOY = {"name": "t", "price": "1.50"}


@pytest.mark.parametrize(
    ("path", "id"),
    [
        ("plain", "plain"), ("a.b.c", "a.b.c"), ("a%2Fb", "a/b"), ("100%25", "100%"),
        ("a%252Fb", "a%2Fb"), ("%C3%BC", "ü"), ("a%20b+c", "a b+c"), ("a:b@c;d=e", "a:b@c;d=e"),
        ("invoice.pdf", "invoice.pdf"), ("%2e%2e%2Fx", "../x"),
    ],
)  # fmt: skip
def test_an_id_in_a_path_is_decoded_once_and_stays_one_segment(toys, path, id):
    """A slash that is part of an id is sent as %2F; dots are legal."""
    answer = toys.http.get(f"/v1/toys/{path}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["toy"]["name"] == id
    assert toys.callers[-1].path == f"/v1/toys/{path}"


def test_a_parameter_deeper_in_a_path_is_found(toys):
    """Also beside routes that call the same place something else."""
    answer = toys.http.post("/v1/owners/o%2F1/parts", json={"toys": [{"name": "p"}]})

    assert answer.json() == {"parts": [{"name": "p", "grams": 1, "made_at": None}]}


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/toys/a/b", "/v2/toys", "/v1/%00"])
def test_an_unknown_route_is_a_json_404(toys, path):
    """With the code that SDKs know."""
    answer = toys.http.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"status": 404, "error": "Not Found", "code": "resource_not_found"}


def test_a_known_route_with_another_method_is_a_json_405(toys):
    """It has no code: those of status 405 are refusals of a state."""
    answer = toys.http.patch("/v1/toys")

    assert (answer.status_code, answer.json()) == (
        405,
        {"status": 405, "error": "Method Not Allowed"},
    )
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/toys/x", "GET"), ("/nothing", "GET"), ("/v1/toys", "PATCH"), ("/v1/toys", "POST"),
        ("/v1/refusals/bug", "POST"), ("/v1/numbers", "GET"),
    ],
)  # fmt: skip
def test_every_answer_has_a_request_id(toys, path, method):
    """The caller's own if it is sane, else a new one."""
    own = toys.http.request(method, path, headers={"X-Request-Id": "mine-1.2:3"})
    bad = toys.http.request(method, path, headers={"X-Request-Id": "a b" + "c" * 200})
    none = toys.http.request(method, path)

    assert own.headers.get_list("x-request-id") == ["mine-1.2:3"]
    assert len(bad.headers["x-request-id"]) == len(none.headers["x-request-id"]) == 36
    assert bad.headers["x-request-id"] != none.headers["x-request-id"]


def test_the_caller_is_known_to_who_performs(toys):
    """Headers by lower-case names, the method, and the same request id as in the answer."""
    answer = toys.http.get("/v1/toys/x", headers={"Authorization": "Bearer k"})

    caller = toys.callers[-1]
    assert (caller.door, caller.method, caller.peer) == ("rest", "GET", "127.0.0.1")
    assert caller.headers["authorization"] == "Bearer k"
    assert caller.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("colours[]=red&colours[]=sky-blue", 'colours=["red","sky-blue"]'),
        ("colours=red", 'colours=["red"]'),
        ("colours=red&colours=red&colours[]=red", 'colours=["red","red","red"]'),
        ("colours%5B%5D=red", 'colours=["red"]'),
        ("labels[a]=1&labels[b]=", 'labels={"a":"1","b":""}'),
        ("labels%5Ba%20b%5D=c%26d", 'labels={"a b":"c&d"}'),
        ("is_loud=off", "is_loud=false"),
        ("is_loud=t", "is_loud=true"),
        ("is_loud=", "is_loud=null"),
        ("page=2", "page=2"),
        ("page=0", "page=1"),
        ("page=first", "page=1"),
        ("page=1&page=3", "page=3"),
        ("page[x]=7&unheard=1", "page=1"),
        ("per_page=5000", "per_page=1000"),
        ("search_term=", "search_term=null"),
        ("search_term=a+b%2Bc", 'search_term="a b+c"'),
        ("born_after=2026-01-02", 'born_after="2026-01-02"'),
    ],
)
def test_a_query_is_read_leniently(toys, query, said):
    """`x`, `x[]`, repeated, `x[key]=value`; what is empty says nothing, nor what is no page."""
    answer = toys.http.get(f"/v1/toys?{query}")

    assert answer.status_code == 200, answer.text
    assert said in answer.json()["echoes"][0]["said"]


def test_a_query_that_is_wrong_is_refused_field_by_field(toys):
    """Three wrong parameters in one answer."""
    answer = toys.http.get("/v1/toys?labels=x&colours[]=red&colours[]=green&born_after=soon")

    assert answer.status_code == 422
    assert answer.json()["error_details"] == {
        "labels": ["value_is_invalid"],
        "colours.1": ["value_is_invalid"],
        "born_after": ["value_is_invalid"],
    }
    assert toys.http.get("/v1/toys?" + "&".join(["a=b"] * 1001)).status_code == 400


def test_a_delete_reads_its_body_and_its_query(toys):
    """SDKs send the one, the wire's scenarios the other."""
    said = {"reason": {"why": "broken"}, "softly": True}

    by_body = toys.http.request("DELETE", "/v1/toys/t", json=said)
    by_query = toys.http.delete("/v1/toys/t?softly=true&reason[why]=broken")
    neither = toys.http.delete("/v1/toys/t")

    assert by_body.json() == by_query.json() == {"echo": {"said": ["t", "broken", "True"]}}
    assert neither.json() == {"echo": {"said": ["t", "no reason", "False"]}}


def test_the_path_is_right_where_body_and_query_say_otherwise(toys):
    """And of body and query, the body."""
    answer = toys.http.request(
        "DELETE", "/v1/toys/t?softly=true&id=q", json={"id": "b", "softly": 0}
    )

    assert answer.json() == {"echo": {"said": ["t", "no reason", "False"]}}


def test_put_and_patch_are_one_operation(toys):
    """Two routes of one row; what is null is told from what is absent."""
    for method in ("PUT", "PATCH"):
        answer = toys.http.request(method, "/v1/toys/t", json={"toy": {"name": None, "tags": []}})
        assert answer.json()["change"]["said"] == {
            "name": "null", "price": "absent", "tags": "value", "lock": "absent",
        }  # fmt: skip


def test_a_shared_route_is_served_once_and_another_by_its_own_row(toys):
    """POST /toys is Create; PUT /toys, its alias, CreateAgain."""
    for method in ("POST", "PUT"):
        answer = toys.http.request(method, "/v1/toys", json={"toy": TOY})
        assert answer.json()["toy"]["price"] == "1.50"


def test_several_roots_are_shown_as_they_are(toys):
    """The one that is not sent is not there, nor null."""
    assert toys.http.post("/v1/names", json={"name": "a"}).json() == {"toy_name": "a"}
    assert toys.http.post("/v1/names", json={"names": ["a"]}).json() == {"toy_names": ["a"]}


def test_nothing_to_say_is_said_in_no_bytes(toys):
    """200 with an empty body, also where there might have been something."""
    for answer in (toys.http.post("/v1/silence"), toys.http.get("/v1/maybe/none")):
        assert (answer.status_code, answer.content) == (200, b"")
    assert toys.http.get("/v1/maybe/x").json() == {"echo": {"said": ["x"]}}


def test_a_union_is_flat_json(toys):
    """The tag beside the fields, at every depth."""
    box = {"kind": "box", "label": "b", "corners": [], "side": 1, "within": [
        {"kind": "circle", "label": "c", "corners": [1], "radius": "0.5"},
    ]}  # fmt: skip

    assert toys.http.post("/v1/shapes", json={"shape": box}).json() == {"shape": box}


def test_a_file_is_the_body_itself(toys):
    """With its type, and a name that may hold any letter."""
    answer = toys.http.get("/v1/toys/7/picture")

    assert answer.content == b"\x89PNG\x007"
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%BC7.png"


def test_decimals_are_text_and_whole_seconds_have_no_fraction(toys):
    """Half a second has one, and every instant is shown in UTC."""
    toy = {**TOY, "sold_at": "2026-01-01T01:00:00+01:00", "parts": [
        {"name": "p", "made_at": "2026-01-01T00:00:00.5Z"},
    ]}  # fmt: skip

    said = toys.http.post("/v1/toys", json={"toy": toy}).json()["toy"]

    assert (said["price"], said["sold_at"]) == ("1.50", "2026-01-01T00:00:00Z")
    assert said["parts"][0]["made_at"] == "2026-01-01T00:00:00.500000Z"


@pytest.mark.parametrize(
    ("how", "status", "code", "header"),
    [
        ("busy", 429, "too_many", "7"), ("unavailable", 503, "not_here", "3"),
        ("conflict", 405, "toy_broken", None), ("bug", 500, None, None),
        ("forbidden", 403, "write_action_not_allowed_for_toy", None),
    ],
)  # fmt: skip
def test_a_refusal_has_its_status_code_and_headers(toys, how, status, code, header):
    """Who is busy says when to come back."""
    answer = toys.http.post(f"/v1/refusals/{how}")

    assert (answer.status_code, answer.headers.get("retry-after")) == (status, header)
    assert (answer.json()["status"], answer.json().get("code")) == (status, code)


def test_a_bug_says_nothing_of_itself_but_is_logged(toys, caplog):
    """The body is plain; the log has the trace and the request id."""
    with caplog.at_level(logging.ERROR, "invora.api"):
        answer = toys.http.post("/v1/refusals/bug", headers={"X-Request-Id": "find-me"})

    assert answer.json() == {"status": 500, "error": "Internal Server Error"}
    assert [record.getMessage() for record in caplog.records] == [
        "ToyService.Refuse find-me failed"
    ]
    assert "a secret of ours" in caplog.text


def test_a_body_that_is_too_large_is_refused_whether_announced_or_not():
    """A limit of 1,000 bytes; 2,000 are refused by their header, and by themselves."""
    with Doors(on_toys, limit=1000) as doors:
        said = b'{"toy": {"name": "t", "price": 1}}'
        announced = doors.http.post("/v1/toys", content=said + b" " * 2000)
        chunked = doors.http.post("/v1/toys", content=iter([said, b" " * 2000]))
        small = doors.http.post("/v1/toys", content=said)
        upload = doors.http.post("/v1/bins/b", content=b"x" * 5000)

    for answer in (announced, chunked):
        assert answer.status_code == 413
        assert answer.json() == {"status": 413, "error": "BadRequest: more than 1000 bytes at once"}
    assert small.status_code == 200
    assert upload.json()["weight"]["size"] == 5000


def test_a_client_that_leaves_in_the_middle_of_its_body_breaks_nothing(toys):
    """It announces 1,000 bytes, sends ten and goes; the next is served."""
    with socket.create_connection(("127.0.0.1", toys.rest_port)) as raw:
        raw.sendall(
            b"POST /v1/toys HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10
        )

    assert toys.http.get("/v1/toys/x").status_code == 200


def test_every_row_is_a_handler_of_its_own():
    """No route catches all: Litestar knows each path and each method."""
    from tests.api.conftest import API

    made = rest.handlers(API, on_toys, None)  # type: ignore[arg-type]

    assert len(made) == sum(len(op.routes) for op in API)
    assert "/v1/owners/{p0:str}/parts" in {path for handler in made for path in handler.paths}


def test_the_body_hash_is_taken_only_where_it_is_needed(toys):
    """With an idempotency key; and two ways to write one request are one."""

    def hashed(toy, **headers):
        toys.http.post("/v1/toys", json={"toy": toy}, headers=headers)
        return toys.hashes[-1]

    key = {"Idempotency-Key": "k"}
    at = "2026-01-01T00:00:00Z"
    one = hashed({**TOY, "sold_at": at}, **key)

    assert hashed(TOY) == b""
    assert len(one) == 32
    assert hashed({**TOY, "price": 1.5, "sold_at": "2026-01-01T01:00:00+01:00"}, **key) == one
    assert hashed({**TOY, "sold_at": at, "size": None, "unheard": 1}, **key) == one
    assert hashed({**TOY, "name": "u", "sold_at": at}, **key) != one


def test_who_may_not_ask_is_not_told_what_is_wrong_with_the_question():
    """A body that cannot be read is refused by who knows the caller: 401 comes before 422."""
    from metering.measures.refusals import Unauthorized

    def nobody(op, caller, request, body_hash):
        if "authorization" not in caller.headers:
            raise Unauthorized
        return op.call(None, request)

    with Doors(nobody) as doors:
        bad = {"toy": {"name": ""}}
        unknown = doors.http.post("/v1/toys", json=bad)
        known = doors.http.post("/v1/toys", json=bad, headers={"Authorization": "k"})

    assert unknown.json() == {"status": 401, "error": "Unauthorized"}
    assert known.status_code == 422
