"""Billable metrics: defined, changed, listed and deleted."""

from decimal import Decimal

import pytest

from metering import metrics
from metering.measures.refusals import Forbidden, Invalid, Missing
from metering.metrics import (
    AggregationType,
    BillableMetricInput,
    BillableMetricQuery,
    BillableMetricUpdate,
    MetricFilter,
    MetricFilterInput,
    RoundingFunction,
    WeightedInterval,
)
from tests.conftest import told


def summed(**more):
    fields = {
        "name": "Gigabytes", "code": "gb", "aggregation_type": AggregationType.sum_agg,
        "field_name": "size",
    }  # fmt: skip
    return BillableMetricInput(**{**fields, **more})


def test_a_metric_is_kept_as_it_was_defined(work):
    """A sum, rounded up to one decimal, with regions sorted and each there once."""
    made = metrics.create(
        work,
        summed(
            rounding_function=RoundingFunction.ceil, rounding_precision=1, recurring=True,
            filters=[
                MetricFilterInput(key="region", values=["us", "eu", "us"]),
                MetricFilterInput(key="region", values=["asia"]),
            ],
        ),
    )  # fmt: skip

    assert metrics.find(work, "gb") == made
    assert made.filters == [MetricFilter(key="region", values=["asia", "eu", "us"])]
    assert made.aggregation_type is AggregationType.sum_agg
    assert told(work) == ["billable_metric.created"]


def test_what_is_counted_has_no_field(work):
    """A count forgets the field it was given; a sum must have one."""
    made = metrics.create(
        work, summed(code="calls", aggregation_type=AggregationType.count_agg, field_name="x")
    )
    assert made.field_name is None

    with pytest.raises(Invalid) as refused:
        metrics.create(work, summed(field_name=""))
    assert refused.value.details == {"field_name": ["value_is_mandatory"]}


@pytest.mark.parametrize("kind", AggregationType)
def test_only_what_can_outlive_its_period_recurs(work, kind):
    """Sums, unique counts and weighted sums do; counts, maxima and last values do not."""
    asked = summed(
        aggregation_type=kind,
        recurring=True,
        weighted_interval=WeightedInterval.seconds,
        percentile=Decimal(50),
    )
    if kind in ("sum_agg", "unique_count_agg", "weighted_sum_agg"):
        assert metrics.create(work, asked).recurring
    elif kind == "custom_agg":
        with pytest.raises(Forbidden) as refused:
            metrics.create(work, asked)
        assert refused.value.code == "feature_unavailable"
    else:
        with pytest.raises(Invalid) as wrong:
            metrics.create(work, asked)
        assert wrong.value.details == {"recurring": ["not_compatible_with_aggregation_type"]}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"name": " "}, {"name": ["value_is_mandatory"]}),
        ({"code": " "}, {"code": ["value_is_mandatory"]}),
        ({"expression": "event.properties.a +"}, {"expression": ["invalid_expression"]}),
        (
            {"expression": "1", "aggregation_type": AggregationType.count_agg},
            {"expression": ["invalid_expression"]},
        ),
        (
            {"expression": "1", "field_name": ""},
            {"field_name": ["value_is_mandatory"], "expression": ["invalid_expression"]},
        ),
        ({"rounding_precision": 13}, {"rounding_precision": ["value_is_out_of_range"]}),
        (
            {"aggregation_type": AggregationType.weighted_sum_agg},
            {"weighted_interval": ["value_is_invalid"]},
        ),
        (
            {"name": "", "code": ""},
            {"name": ["value_is_mandatory"], "code": ["value_is_mandatory"]},
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(work, sent, wrong):
    """Each field has its published code, and all that is wrong is said at once."""
    with pytest.raises(Invalid) as refused:
        metrics.create(work, summed(**sent))
    assert refused.value.details == wrong


@pytest.mark.parametrize(
    ("key", "values", "field"), [("", ["a"], "key"), ("a", [], "values"), ("a", [""], "values")]
)
def test_a_filter_has_a_key_and_values(key, values, field):
    """Neither may be empty, in a new metric or a changed one."""
    for ask in (summed, BillableMetricUpdate):
        with pytest.raises(Invalid) as refused:
            ask(filters=[MetricFilterInput(key=key, values=values)])
        assert refused.value.details == {field: ["value_is_mandatory"]}


def test_a_metric_in_use_changes_only_in_name(work):
    """Renamed with a new code: the unused one takes both, the used one the name alone."""
    metrics.create(work, summed(code="free"))
    metrics.create(work, summed(code="used"))

    changes = BillableMetricUpdate(name="New", code="new", field_name=None, recurring=True)
    with pytest.raises(Invalid):
        metrics.update(work, "free", changes, is_used=False)  # a sum without a field
    changes.field_name = "bytes"
    free = metrics.update(work, "free", changes, is_used=False)
    used = metrics.update(
        work, "used",
        BillableMetricUpdate(
            name="New", code="other", recurring=True,
            filters=[MetricFilterInput(key="a", values=["b"])],
        ),
        is_used=True,
    )  # fmt: skip

    assert (free.name, free.code, free.field_name, free.recurring) == ("New", "new", "bytes", True)
    assert (used.name, used.code, used.recurring) == ("New", "used", False)
    assert used.filters == [MetricFilter(key="a", values=["b"])]
    assert told(work)[-1] == "billable_metric.updated"


def test_several_metrics_may_count_the_same_events(work):
    """Its own events follow the code; another's stay; a null is its own again."""
    own = metrics.create(work, summed(code="own"))
    other = metrics.create(work, summed(code="other", event_code="own"))

    def renamed(was, **changes):
        return metrics.update(work, was, BillableMetricUpdate(**changes), is_used=False)

    assert (own.event_code, other.event_code) == ("own", "own")
    assert renamed("own", code="mine").event_code == "mine"
    assert renamed("other", name="x").event_code == "own"
    assert renamed("other", code="free").event_code == "own"
    assert renamed("free", code="last", event_code=None).event_code == "last"


def test_a_code_is_free_again_once_its_metric_is_deleted(work):
    """Two of one code are refused, whether made or renamed; after deletion there is room."""
    first = metrics.create(work, summed())
    metrics.create(work, summed(code="other"))
    for ask in (
        lambda: metrics.create(work, summed()),
        lambda: metrics.update(work, "other", BillableMetricUpdate(code="gb"), is_used=False),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.details == {"code": ["value_already_exist"]}

    metrics.delete(work, "gb")
    with pytest.raises(Missing) as gone:
        metrics.find(work, "gb")
    second = metrics.create(work, summed())

    assert gone.value.code == "billable_metric_not_found"
    assert second.id != first.id
    assert [each.id for each in metrics.among(work, [first.id, second.id])] == [second.id]
    assert len(metrics.among(work, [first.id, second.id], is_deleted_too=True)) == 2


def test_metrics_are_listed_by_kind(work):
    """Three metrics, newest first, narrowed by aggregation, recurrence and a word."""
    metrics.create(work, summed(code="gb", name="Gigabytes"))
    metrics.create(work, summed(code="calls", aggregation_type=AggregationType.count_agg))
    metrics.create(work, summed(code="seats", name="Seats", recurring=True))

    def codes(**query):
        return [each.code for each in metrics.browse(work, BillableMetricQuery(**query)).items]

    assert codes() == ["seats", "calls", "gb"]
    assert codes(aggregation_types=[AggregationType.sum_agg]) == ["seats", "gb"]
    assert codes(recurring=True) == ["seats"]
    assert codes(search_term="SEAT") == ["seats"]


def test_an_expression_is_kept_changed_and_cleared(work):
    """What was written is shown; a wrong one says where; null and an empty one are none."""
    made = metrics.create(work, summed(expression=" event.properties.mb / 1024"))
    changed = metrics.update(work, "gb", BillableMetricUpdate(expression="1"), is_used=False)
    with pytest.raises(Invalid) as refused:
        metrics.update(work, "gb", BillableMetricUpdate(expression="1 / (2"), is_used=False)
    used = metrics.update(work, "gb", BillableMetricUpdate(expression="2"), is_used=True)

    assert (made.expression, changed.expression) == (" event.properties.mb / 1024", "1")
    assert refused.value.details == {"expression": ["invalid_expression"]}
    assert refused.value.explanation.startswith("expression: at character 7: expected ) or ")
    assert used.expression == "1"
    for nothing in (None, ""):
        metrics.update(work, "gb", BillableMetricUpdate(expression="1"), is_used=False)
        cleared = metrics.update(
            work, "gb", BillableMetricUpdate(expression=nothing), is_used=False
        )
        assert cleared.expression is None
    assert metrics.expressed(work) == []


def test_one_property_of_the_same_events_is_computed_in_one_way(work):
    """Another expression for it is refused, made or changed; the same one, or another's, is not."""
    same = {"event_code": "gb", "expression": "1"}
    metrics.create(work, summed(expression="1"))
    metrics.create(work, summed(code="peak", aggregation_type=AggregationType.max_agg, **same))
    metrics.create(work, summed(code="files", event_code="gb", field_name="n", expression="2"))
    metrics.create(work, summed(code="other", expression="2"))
    taken = BillableMetricUpdate(field_name="size")
    for ask in (
        lambda: metrics.create(work, summed(code="x", event_code="gb", expression="3")),
        lambda: metrics.update(work, "peak", BillableMetricUpdate(expression="3"), is_used=False),
        lambda: metrics.update(work, "files", taken, is_used=False),
        lambda: metrics.update(work, "other", BillableMetricUpdate(event_code="gb"), is_used=False),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.details == {"field_name": ["value_already_exist"]}

    metrics.delete(work, "peak")
    assert [each.code for each in metrics.expressed(work, "gb")] == ["gb", "files"]
    assert metrics.update(work, "gb", BillableMetricUpdate(expression="3"), is_used=False)


def test_a_percentile_says_which(work):
    """The 95th, kept as it was said; without it, or beyond 100, it is refused; others forget it."""
    made = metrics.create(
        work, summed(aggregation_type=AggregationType.percentile_agg, percentile=Decimal("95.50"))
    )
    assert str(metrics.find(work, "gb").percentile) == str(made.percentile) == "95.5"

    for wrong in (None, "100.1", "-1", "NaN"):
        said, code = wrong and Decimal(wrong), "value_is_out_of_range"
        code = code if wrong else "value_is_mandatory"
        with pytest.raises(Invalid) as refused:
            metrics.update(work, "gb", BillableMetricUpdate(percentile=said), False)
        assert refused.value.details == {"percentile": [code]}
    assert metrics.create(work, summed(code="sum", percentile=Decimal(5))).percentile is None
