"""What is secret is hidden by the name of its field, or by how it looks."""

import msgspec
import pytest

from api.masking import MASK, masked, shown
from billing import organizations
from billing.organizations import CustomerToken
from tests.conftest import NOW

KEY = "invora_" + "Ab-_" * 16
TOKEN = organizations.sign(
    b"s", CustomerToken(organization_id="o", customer_id="c", expires_at=NOW)
)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"api_key": "x"}, {"api_key": MASK}),
        ({"api_key": {"id": "1", "secret": "x"}}, {"api_key": {"id": "1", "secret": MASK}}),
        ({"webhook_secret": "x", "secret_key": "y"}, {"webhook_secret": MASK, "secret_key": MASK}),
        ({"a": [{"password": "x"}, {"access_token": "y"}]},
         {"a": [{"password": MASK}, {"access_token": MASK}]}),
        ({"secrets": ["a", "b"], "credentials": ["c"]},
         {"secrets": [MASK, MASK], "credentials": [MASK]}),
        ({"name": f"old {KEY}!"}, {"name": f"old {MASK}!"}),
        ({"portal_url": f"https://x/{TOKEN}"}, {"portal_url": f"https://x/{MASK}"}),
        ({"key": "color", "value": "blue"}, {"key": "color", "value": "blue"}),
        ({"transaction_id": "t", "secret": None, "token": ""},
         {"transaction_id": "t", "secret": None, "token": ""}),
        ([1, "a", None, True], [1, "a", None, True]),
    ],
)  # fmt: skip
def test_secrets_are_hidden_and_all_else_stays(said, kept):
    """A name that ends in what is secret, the text of a key, a token in a URL; not a mere `key`."""
    assert masked(said) == kept


def test_anything_is_shown_as_json_says_it():
    """A token's fact, with its instant as text, and how many bytes it came to."""
    fact = CustomerToken(organization_id="o", customer_id="c", expires_at=NOW)

    found, size = shown(fact)

    assert found == {
        "organization_id": "o", "customer_id": "c", "expires_at": "2026-01-15T10:00:00Z",
    }  # fmt: skip
    assert size == len(msgspec.json.encode(fact)) > 60
