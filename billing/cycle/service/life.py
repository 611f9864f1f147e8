"""The life of a subscription, with what is billed when it begins, changes its plan and ends."""

from collections.abc import Sequence

import polars as pl
from msgspec.structs import replace

from billing import creditnotes, customers, entitlements, invoices, plans, subscriptions
from billing.cycle import queries, rules
from billing.cycle.service.bill import bill, rebill
from billing.cycle.service.progressive import wish, wish_plan
from billing.subscriptions import (
    OnTerminationCreditNote,
    OnTerminationInvoice,
    Subscription,
    SubscriptionChoice,
    SubscriptionInput,
    SubscriptionStatus,
    SubscriptionStatusQuery,
    SubscriptionUpdate,
    SubscriptionView,
    Termination,
)
from metering import periods
from metering.measures.period import local
from metering.measures.refusals import Checks, Invalid
from sql.work import Work


def subscribe(work: Work, subscription: SubscriptionInput) -> SubscriptionView:
    """Subscribe a customer to a plan, or to another one, and bill what is due in advance.

    The customer is created if there is none of that id. A start in the past is backdated: nothing
    is billed now, and the next run bills as if it had always been there. Where the external id is
    subscribed already: to the same plan, nothing changes; to one that costs as much a year or more,
    that begins now and the old one is billed up to now; to a cheaper one, it begins when the
    current period is over. A subscription that has not started is put on the new plan.

    Raises: Missing `plan_not_found`; Invalid `external_id: value_already_exist`,
            `plan_code: currencies_does_not_match`, `ending_at: invalid_date`.
    """
    plan = plans.find(work, subscription.plan_code)
    customer = customers.ensure(work, subscription.external_customer_id)
    known = subscriptions.live(work, subscription.external_id)
    if subscription.plan_overrides and (known is None or known.customer_id == customer.id):
        plan = plans.override(work, plan.id, subscription.plan_overrides, is_running=False)
    if known is None:
        made = subscriptions.create(work, customer, plan.id, subscription)
        if made.status is SubscriptionStatus.active:
            bill_start(work, [made])
            wish(work, [made.id])
    elif known.customer_id != customer.id:
        raise Invalid(external_id="value_already_exist")
    else:
        made = _change(work, known, plan.id, subscription)
    return entitlements.show(work, subscriptions.show(work, made))


def _change(
    work: Work, known: Subscription, plan_id: str, asked: SubscriptionInput
) -> Subscription:
    """Move a subscription to another plan, and return the one that holds now (UD1)."""
    mine = plans.by_ids(work, [known.plan_id])[known.plan_id]
    if plan_id in (mine.id, mine.parent_id):
        return known
    if known.status is SubscriptionStatus.pending:
        return subscriptions.change_plan(work, known, plan_id)
    terms = plans.by_ids(work, [known.plan_id, plan_id])
    old, new = terms[known.plan_id], terms[plan_id]
    if old.amount_currency != new.amount_currency:
        raise Invalid(plan_code="currencies_does_not_match")
    _cancel_next(work, [known])
    if plans.yearly(new) >= plans.yearly(old):
        return _upgrade(work, known, plan_id, asked)
    subscriptions.follow(work, known, plan_id, asked, is_now=False)
    return known


def _upgrade(
    work: Work, known: Subscription, plan_id: str, asked: SubscriptionInput
) -> Subscription:
    """End a subscription and begin another at once; one invoice has what both owe (UD3)."""
    old = subscriptions.terminate(work, known)
    new = subscriptions.follow(work, old, plan_id, asked, is_now=True)
    told = _told(work, [old], is_switch=True)
    _give_back(work, told.with_columns(mode=pl.lit("credit")))
    ended = rules.terminating(told)
    begun = rules.starting(_starting_today(work, [new]))
    bill(work, pl.concat([ended, begun], how="diagonal_relaxed"))
    wish(work, [new.id])
    return new


def update_subscription(
    work: Work, external_id: str, subscription: SubscriptionUpdate, query: SubscriptionChoice
) -> SubscriptionView:
    """Change a subscription's name, dates, way of paying, or what its plan says; what is absent
    stays.

    Raises: Missing `subscription_not_found`, `charge_not_found`, `tax_not_found`; Invalid
            `ending_at: invalid_date`, and all that is wrong with the overrides.
    """
    found = subscriptions.find(work, external_id, query.status)
    after = subscriptions.update(work, found, subscription)
    if isinstance(asked := subscription.plan_overrides, plans.PlanOverrides):
        is_running = found.status is not SubscriptionStatus.pending
        said = plans.override(work, found.plan_id, asked, is_running=is_running)
        after = subscriptions.put_on(work, after, said.id)
    is_new = after.previous_id is None
    if after.status is SubscriptionStatus.pending and is_new and _has_begun(work, after):
        after = subscriptions.start(work, after)
        bill_start(work, [after])
    wish(work, [after.id])
    return subscriptions.show(work, after)


def bill_start(work: Work, started: Sequence[Subscription]) -> None:
    """Bill what subscriptions that start today owe in advance; backdated ones owe nothing now."""
    bill(work, rules.starting(_starting_today(work, started)))


def _starting_today(work: Work, started: Sequence[Subscription]) -> pl.DataFrame:
    mine = work.rows.among(subscriptions.subscriptions.c.id, [one.id for one in started])
    book = periods.today(queries.book(work, mine), "timezone", work.now)
    return book.filter(pl.col("started_on") == pl.col("today")).with_columns(day="today")


def switch(work: Work, due: pl.DataFrame) -> pl.DataFrame:
    """End the subscriptions whose next plan begins with the day that is billed (UD5).

    Shape:   in, what is due, of one `day` for each subscription; out, the same, but for those that
             ended: the last bill of each in its place, and the first of the one that took over.
    Rule:    the switch is at the first instant of the local day. The old plan is billed for its
             whole last period, the new one for what it owes in advance.
    """
    c = subscriptions.subscriptions.c
    found = queries.following(work, due["subscription_id"].to_list())
    begins = due.filter(pl.col("commitment_first").is_not_null())
    begins = periods.starts(begins, "timezone", at="day").join(found, on="subscription_id")
    switched = begins.filter(pl.col("asked_at") < pl.col("at"))
    if switched.is_empty():
        return due
    subscriptions.switch(work, switched)
    days = switched.select("subscription_id", "day", "at")
    old = (
        switched.drop(*rules.BOUNDS)
        .with_columns(terminated_at="at", is_billed=pl.lit(False), is_switch=pl.lit(False))
        .select(pl.exclude("next_id", "asked_at", "at"))
    )
    new = queries.book(
        work, work.rows.among(c.previous_id, switched["subscription_id"].to_list())
    ).join(days.rename({"subscription_id": "previous_id"}), on="previous_id")
    wish(work, new["subscription_id"].to_list())
    rest = due.join(days, on="subscription_id", how="anti", maintain_order="left")
    return pl.concat(
        [rest, rules.terminating(old), rules.starting(new)], how="diagonal_relaxed"
    ).sort("customer_id", maintain_order=True)


def catch_up(work: Work, external_ids: Sequence[str]) -> None:
    """Bill what is missed of active subscriptions, the oldest day first, before they end.

    It is what the job of the missed periods would have billed, had it run just before; a change of
    plan that one of those days brings is made on that day.
    """
    invoices.lock(work)
    c = subscriptions.subscriptions.c
    mine = work.rows.among(c.external_id, external_ids)
    while True:
        book = periods.today(queries.book(work, mine, c.status == "active"), "timezone", work.now)
        ids = book["subscription_id"].to_list()
        done = queries.billed(
            work, work.rows.among(invoices.billing_periods.c.subscription_id, ids)
        )
        missed = rules.unbilled(book, done)
        if missed.is_empty():
            return
        oldest = rules.due_on(missed.filter(pl.col("day") == pl.col("day").min()))
        assert not oldest.is_empty(), missed
        bill(work, switch(work, oldest))


def terminate(work: Work, external_id: str, query: Termination) -> SubscriptionView:
    """End a subscription and invoice what was used, or cancel one that has not started.

    A change of plan that was waiting for the end of the period is given up with it. Older periods
    that were never billed remain for the job `missed`.

    Raises: Missing `subscription_not_found`; Invalid `on_termination_invoice` and
            `on_termination_credit_note: invalid_value`.
    """
    if query.status == SubscriptionStatus.pending:
        pending = subscriptions.find(work, external_id, SubscriptionStatus.pending)
        return subscriptions.show(work, subscriptions.cancel(work, pending))
    end(work, [_ending(subscriptions.find(work, external_id), query)])
    return subscriptions.get(work, external_id, SubscriptionChoice(status="terminated"))


def _ending(found: Subscription, query: Termination) -> Subscription:
    """Take over what was asked of this end."""
    checks = Checks()
    for name, kind in {
        "on_termination_invoice": OnTerminationInvoice,
        "on_termination_credit_note": OnTerminationCreditNote,
    }.items():
        if asked := getattr(query, name):
            is_known = asked in set(kind)
            checks.that(is_known, **{name: "invalid_value"})
            found = replace(found, **{name: kind(asked)}) if is_known else found
    checks.done()
    return found


def end(work: Work, ending: Sequence[Subscription]) -> None:
    """Terminate active subscriptions now, and bill their last period unless they skip that.

    What they paid for days to come is given back first, so that the last bill may spend it (TE3).
    """
    if not ending:
        return
    _cancel_next(work, ending)
    ended = [subscriptions.terminate(work, one) for one in ending]
    said = pl.DataFrame(
        {
            "subscription_id": [one.id for one in ended],
            "mode": [str(one.on_termination_credit_note) for one in ended],
            "is_billed_last": [
                one.on_termination_invoice != OnTerminationInvoice.skip for one in ended
            ],
        }
    )
    told = _told(work, ended, is_switch=False).join(
        said, on="subscription_id", maintain_order="left"
    )
    _give_back(work, told)
    bill(work, rules.terminating(told.filter("is_billed_last").drop("is_billed_last", "mode")))


def _give_back(work: Work, ended: pl.DataFrame) -> None:
    """Issue the credit notes for what was paid ahead. Shape: in, as _told, with `mode`."""
    invoices.lock(work)
    ahead = ended.filter("plan_in_advance")
    creditnotes.give_back(
        work, ahead.select("subscription_id", "day", "is_switch", "trial_on", "mode")
    )


def _told(work: Work, ended: Sequence[Subscription], *, is_switch: bool) -> pl.DataFrame:
    """Return subscriptions that ended just now, as rules.terminating wants them."""
    ids = [one.id for one in ended]
    book = queries.book(work, work.rows.among(subscriptions.subscriptions.c.id, ids))
    told = periods.today(book, "timezone", work.now).with_columns(day="today")
    done = queries.billed(work, work.rows.among(invoices.billing_periods.c.subscription_id, ids))
    known = done.with_columns(is_billed=pl.lit(True))
    told = told.join(
        known, left_on=["subscription_id", "day"], right_on=["subscription_id", "billed_on"],
        how="left", maintain_order="left",
    ).with_columns(pl.col("is_billed").fill_null(False), is_switch=pl.lit(is_switch))  # fmt: skip
    return told


def _cancel_next(work: Work, known: Sequence[Subscription]) -> None:
    """Give up the changes of plan that are waiting for these (UD5, UD6)."""
    for waiting in subscriptions.following(work, [one.id for one in known]):
        subscriptions.cancel(work, waiting)


def update_plan(work: Work, code: str, plan: plans.PlanUpdate) -> plans.Plan:
    """Change a plan; of one that is subscribed to, only what may change under a subscription.

    New prices hold from the next fee on; drafts are computed with them when they become final. More
    units of a fixed charge in advance that are to hold at once are billed at once. Who waits for
    the plan as a cheaper one is moved to it at once when it is that no longer.

    Raises: Missing `plan_not_found`, `billable_metrics_not_found`, `add_ons_not_found`,
            `tax_not_found`; Invalid `code: value_already_exist`, `base: <what is not billed yet>`.
    """
    work.rows.lock("plans")
    plan_id, counted = plans.bare(work, code).id, plans.counted(work)
    subscribed = subscriptions.is_on(work, plan_id)
    after = plans.change(work, code, plan, subscribed)
    if subscribed and (raised := plans.raised(work, plan_id, counted)):
        bill_raised(work, queries.active_on(work, plan_id), raised)
    if subscribed:
        for each in [after, *plans.children(work, plan_id)]:
            _upgrade_waiting(work, each)
        wish_plan(work, plan_id)
    return after


def _upgrade_waiting(work: Work, plan: plans.Terms) -> None:
    """Move who waits for a plan to it at once if it no longer costs less a year (PL5, UD6)."""
    waiting = subscriptions.waiting(work, plan.id)
    terms = plans.by_ids(work, {one.plan_id for one, _ in waiting})
    for one, next_ in waiting:
        if plans.yearly(plan) < plans.yearly(terms[one.plan_id]):
            continue
        subscriptions.cancel(work, next_)
        ends = next_.ending_at
        asked = SubscriptionInput(
            external_customer_id=one.customer_id,
            plan_code=plan.code,
            external_id=one.external_id,
            name=next_.name,
            ending_at=ends if ends and ends > work.now else None,
        )
        _upgrade(work, one, plan.id, asked)


def update_fixed_charge(
    work: Work, external_id: str, fixed_charge_code: str,
    fixed_charge: plans.FixedChargeOverride, query: SubscriptionStatusQuery,
) -> plans.AnyFixedCharge:  # fmt: skip
    """Let a subscription have units of its own of a fixed charge; it no longer follows its plan.

    More units in advance that are to hold at once are billed at once (FC5, FC7).

    Raises: Missing `subscription_not_found`, `fixed_charge_not_found`; Invalid `units:
            value_is_out_of_range`, and `override_is_not_billed_yet` for all but units.
    """
    one = subscriptions.find(work, external_id, query.subscription_status)
    before = plans.fixed_charge_of(work, one.id, one.plan_id, fixed_charge_code)
    after = plans.override_fixed_charge(
        work, one.id, one.plan_id, fixed_charge_code, fixed_charge
    )  # fmt: skip
    is_now = fixed_charge.apply_units_immediately is True and after.pay_in_advance
    if is_now and after.units != before.units and one.status is SubscriptionStatus.active:
        bill_raised(work, queries.active(work, [one.id]), [after.id], is_own=True)
    return after


def update_subscription_charge(
    work: Work, external_id: str, charge_code: str, charge: plans.ChargeOverride,
    query: SubscriptionStatusQuery,
) -> plans.AnyCharge:  # fmt: skip
    """Let a charge be different for one subscription; what is absent stays.

    Raises: Missing `subscription_not_found`, `charge_not_found`, `tax_not_found`; Invalid with all
            that is wrong, and `pay_in_advance: override_is_not_billed_yet` where it runs already.
    """
    one = subscriptions.find(work, external_id, query.subscription_status)
    is_running = one.status is not SubscriptionStatus.pending
    plan = plans.override_charge(work, one.plan_id, charge_code, charge, is_running=is_running)
    if plan.id != one.plan_id:
        subscriptions.put_on(work, one, plan.id)
    return next(each for each in plan.charges if each.code == charge_code)


def bill_raised(
    work: Work, book: pl.DataFrame, raised: Sequence[str], *, is_own: bool = False
) -> None:
    """Bill what more units of fixed charges come to from today on, for the book's subscriptions.

    Who wants units of their own of one of them no longer follows the plan there, and is billed only
    where it `is_own` units that are raised (FC7).
    """
    book = periods.today(book, "timezone", work.now)
    wanted = pl.DataFrame({"only": [list(raised)]}, schema={"only": pl.List(pl.String)})
    own = plans.with_own_units(work, [] if is_own else raised)
    mine = (
        book.select("subscription_id")
        .join(wanted, how="cross")
        .explode("only")
        .join(
            own, left_on=["subscription_id", "only"],
            right_on=["subscription_id", "fixed_charge_id"], how="anti",
        )
        .group_by("subscription_id")
        .agg("only")
    )  # fmt: skip
    told = book.join(mine, on="subscription_id", maintain_order="left")
    bill(work, rules.raised(told.with_columns(day="today")))


def remove_customer(work: Work, external_id: str) -> customers.Customer:
    """Delete a customer: its subscriptions end and are billed, its drafts become final.

    Raises: Missing `customer_not_found`.
    """
    customer = customers.find(work, external_id)
    active, pending = SubscriptionStatus.active, SubscriptionStatus.pending
    mine = subscriptions.of_customer(work, customer.id, active)
    catch_up(work, [one.external_id for one in mine])
    for one in subscriptions.of_customer(work, customer.id, pending):
        subscriptions.cancel(work, one)
    end(work, subscriptions.of_customer(work, customer.id, active))
    rebill(work, invoices.waiting(work, customer.id), is_gracious=False)
    return customers.delete(work, external_id)


def _has_begun(work: Work, subscription: Subscription) -> bool:
    zone = customers.find_by_id(work, subscription.customer_id).applicable_timezone
    return local(subscription.subscription_at, zone) <= local(work.now, zone)
