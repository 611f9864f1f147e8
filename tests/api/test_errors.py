"""The one table of refusals: every kind, in both forms."""

import pytest
from google.rpc.code_pb2 import Code

from api import errors
from metering.measures import refusals
from metering.measures.refusals import Refusal

KINDS = [
    (refusals.Malformed("BadRequest: no"), 400, "INVALID_ARGUMENT", {"error": "BadRequest: no"}),
    (refusals.TooLarge("too much"), 413, "RESOURCE_EXHAUSTED", {"error": "too much"}),
    (refusals.Unauthorized(), 401, "UNAUTHENTICATED", {"error": "Unauthorized"}),
    (refusals.Forbidden("no"), 403, "PERMISSION_DENIED", {"error": "Forbidden", "code": "no"}),
    (refusals.Missing("tax"), 404, "NOT_FOUND", {"error": "Not Found", "code": "tax_not_found"}),
    (refusals.Conflict("late"), 405, "FAILED_PRECONDITION", {
        "error": "Method Not Allowed", "code": "late",
    }),
    (refusals.Invalid(a="x"), 422, "INVALID_ARGUMENT", {
        "error": "Unprocessable Entity", "code": "validation_errors", "error_details": {"a": ["x"]},
    }),
    (refusals.Mismatch("reused"), 422, "FAILED_PRECONDITION", {
        "error": "Unprocessable Entity", "code": "reused",
    }),
    (refusals.InFlight("now"), 409, "ABORTED", {"error": "Conflict", "code": "now"}),
    (refusals.Busy("slow"), 429, "RESOURCE_EXHAUSTED", {
        "error": "Too Many Requests", "code": "slow",
    }),
    (refusals.Unavailable("away"), 503, "UNAVAILABLE", {
        "error": "Service Unavailable", "code": "away",
    }),
    (ValueError("ours"), 500, "INTERNAL", {"error": "Internal Server Error"}),
]  # fmt: skip


@pytest.mark.parametrize(("error", "http", "grpc", "body"), KINDS)
def test_every_kind_of_refusal_has_a_status_and_a_code(error, http, grpc, body):
    """REST's body is wire-format A4; gRPC's status says the same."""
    assert errors.body(error) == {"status": http, **body}
    assert errors.http(error)[0] == http
    assert Code.Name(errors.status(error).code) == grpc
    if isinstance(error, Refusal):
        assert errors.status(error).details[0].type_url.endswith("google.rpc.ErrorInfo")


def test_no_kind_of_refusal_is_forgotten():
    """Those of the measures are those of the table."""
    known = {kind for kind in vars(refusals).values() if isinstance(kind, type)}
    kinds = {kind for kind in known if issubclass(kind, Refusal) and kind is not Refusal}

    assert kinds == {type(error) for error, *_ in KINDS} - {ValueError}
    assert kinds <= set(errors.KINDS)


def test_what_is_no_refusal_says_nothing_of_itself():
    """Neither its text nor a detail."""
    said = errors.status(ValueError("a secret"))

    assert (said.message, list(said.details)) == ("Internal Server Error", [])
    assert b"secret" not in errors.http(ValueError("a secret"))[2]


def test_details_that_are_nested_or_plain_text_are_flattened_for_grpc():
    """By position, then by field; a plain text stands for all of it."""
    details = {"0": {"code": ["a", "b"]}, "countries": {"1": ["c"]}, "base": "d"}

    assert list(errors.flatten(details)) == [
        ("0.code", "a"), ("0.code", "b"), ("countries.1", "c"), ("base", "d"),
    ]  # fmt: skip
    assert list(errors.flatten("failed: x")) == [("", "failed: x")]
