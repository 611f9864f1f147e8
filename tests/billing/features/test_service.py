"""Features: created, changed, deleted, on both ledgers."""

import pytest

from billing import features
from billing.features import FeatureInput, FeatureQuery, FeatureUpdate, PrivilegeInput
from metering.measures.refusals import Invalid, Missing
from tests.conftest import told

REGION = PrivilegeInput(code="region", value_type="select", config={"select_options": ["eu"]})


def test_a_feature_grows_and_keeps_what_it_is(work):
    """Unlisted privileges stay, options are added to, and no type ever changes."""
    made = features.create(work, FeatureInput(code=" seats ", privileges=[
        PrivilegeInput(code="max", name="Most", value_type="numeric"), REGION,
        PrivilegeInput(code="label"),
    ]))  # fmt: skip
    kinds = {each.code: each.value_type for each in made.privileges}
    assert (made.code, kinds) == (
        "seats", {"max": "integer", "region": "select", "label": "string"},
    )  # fmt: skip

    changed = features.update(work, "seats", FeatureUpdate(name="Seats", privileges=[
        PrivilegeInput(code="region", name="Region", value_type="boolean",
                       config={"select_options": ["us", "eu"]}),
        PrivilegeInput(code="share", value_type="decimal"),
    ]))  # fmt: skip
    assert changed == features.find(work, "seats")
    max_, region, label, share = changed.privileges
    assert (changed.name, max_.name, label.name, share.value_type) == (
        "Seats",
        "Most",
        None,
        "decimal",
    )
    assert (region.name, region.value_type, region.config.select_options) == (
        "Region", "select", ["eu", "us"],
    )  # fmt: skip
    left = features.delete_privilege(work, "seats", "label")
    assert [each.code for each in left.privileges] == ["max", "region", "share"]
    assert features.delete(work, "seats") == left
    assert features.create(work, FeatureInput(code="seats")).privileges == []
    assert told(work) == [
        "feature.created", "feature.updated", "feature.updated", "feature.deleted",
        "feature.created",
    ]  # fmt: skip


def test_features_are_listed_newest_first_and_searched(work):
    """By code and by name, whatever the case."""
    for code, name in (("seats", "Seats"), ("sso", "Single sign-on"), ("api", None)):
        features.create(work, FeatureInput(code=code, name=name, privileges=[REGION]))
    found = features.browse(work, FeatureQuery(per_page=2))
    assert ([each.code for each in found.items], found.meta.total_count) == (["api", "sso"], 3)
    assert found.items[0].privileges == found.items[1].privileges
    searched = features.browse(work, FeatureQuery(search_term="SIGN"))
    assert [each.code for each in searched.items] == ["sso"]


@pytest.mark.parametrize(
    ("privilege", "field", "code"),
    [
        ({"code": " "}, "privilege.code", "value_is_mandatory"),
        ({"code": "c" * 256}, "privilege.code", "value_is_too_long"),
        ({"code": "x", "value_type": "float"}, "privilege.value_type", "value_is_invalid"),
        ({"code": "x", "value_type": "select"}, "privilege.config", "invalid_format"),
        *(
            (
                {"code": "x", "value_type": "select", "config": {"select_options": options}},
                "privilege.config", "invalid_format",
            )
            for options in ([], "eu", ["eu", "eu"], ["eu", 1], [""], {"eu": 1})
        ),
        ({"code": "x", "config": {"select_options": ["eu"]}}, "privilege.config", "invalid_format"),
    ],
)  # fmt: skip
def test_a_privilege_that_cannot_be_is_refused_with_its_code(privilege, field, code):
    """The whole feature is refused, and says which part of a privilege is wrong."""
    with pytest.raises(Invalid) as refused:
        FeatureInput(code="f", privileges=[PrivilegeInput(**privilege)])
    assert refused.value.details == {field: [code]}


def test_what_is_taken_or_unknown_is_refused(work):
    """A code of a feature is unique, one of a privilege within its feature."""
    features.create(work, FeatureInput(code="f", privileges=[REGION]))
    with pytest.raises(Invalid) as refused:
        features.create(work, FeatureInput(code="f"))
    assert refused.value.details == {"code": ["value_already_exist"]}
    with pytest.raises(Invalid) as refused:
        FeatureInput(code="", description="d" * 601, privileges=[REGION, REGION])
    assert refused.value.details == {
        "code": ["value_is_mandatory"], "description": ["value_is_too_long"],
        "privilege.code": ["value_is_duplicated"],
    }  # fmt: skip
    bare = PrivilegeInput(code="new", value_type="select")
    none = PrivilegeInput(code="region", config={"select_options": []})
    for wrong in (bare, none):
        with pytest.raises(Invalid) as refused:
            features.update(work, "f", FeatureUpdate(privileges=[wrong]))
        assert refused.value.details == {"privilege.config": ["invalid_format"]}
    for ask in (
        lambda: features.find(work, "g"),
        lambda: features.update(work, "g", FeatureUpdate(name="G")),
        lambda: features.delete(work, "g"),
    ):
        with pytest.raises(Missing, match="feature"):
            ask()
    with pytest.raises(Missing) as missing:
        features.delete_privilege(work, "f", "nothing")
    assert missing.value.code == "privilege_not_found"
