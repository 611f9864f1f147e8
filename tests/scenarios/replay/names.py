"""Objects of the API under the names that scenarios use."""

from decimal import Decimal

NO_DECIMALS = set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
THREE_DECIMALS = set("BHD IQD JOD KWD LYD OMR TND".split())


def minor_units(amount, currency):
    """An amount in major units as minor units ("1.014" EUR -> "101.4", "1.0" EUR -> 100)."""
    if amount is None:
        return None
    exponent = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    cents = Decimal(str(amount)).scaleb(exponent)
    return int(cents) if cents == cents.to_integral_value() else format(cents, "f")


def fee_view(fee, plan_codes=None):
    """API fee -> scenario fee.  Fields that are not mentioned keep their API name."""
    item, currency = fee.get("item") or {}, fee.get("amount_currency")
    view = {
        **fee,
        "item_type": item.get("type"),
        "fee_type": item.get("type"),
        "code": item.get("code"),
        "item_code": item.get("code"),
        "filter": item.get("filters") or None,
        "grouped_by": item.get("grouped_by") or {},
        "true_up": fee.get("true_up_parent_fee_id") is not None,
        "from": fee.get("from_date"),
        "to": fee.get("to_date"),
        "plan_code": (plan_codes or {}).get(fee.get("subscription_id")),
        "subscription": {"external_id": fee.get("external_subscription_id")},
        "precise_amount_cents": minor_units(fee.get("precise_amount"), currency),
        "taxes_precise_amount_cents": minor_units(fee.get("taxes_precise_amount"), currency),
    }
    if "applied_taxes" in fee:
        view["tax_codes"] = sorted(tax["tax_code"] for tax in fee["applied_taxes"])
    return view


def invoice_view(invoice):
    """API invoice detail -> scenario invoice (fees, credits and boundaries renamed)."""
    plan_codes = {sub["id"]: sub["plan_code"] for sub in invoice.get("subscriptions") or []}
    boundaries = [
        {
            **period,
            "plan_code": plan_codes.get(period.get("subscription_id")),
            "from_datetime": period.get("subscription_from_datetime"),
            "to_datetime": period.get("subscription_to_datetime"),
        }
        for period in invoice.get("billing_periods") or []
    ]
    credits = [
        {**credit, "kind": credit["item"]["type"], "coupon_code": credit["item"].get("code")}
        for credit in invoice.get("credits") or []
    ]
    return {
        **invoice,
        "credits": credits,
        "boundaries": boundaries,
        "fees": [fee_view(fee, plan_codes) for fee in invoice.get("fees") or []],
        "applied_taxes": sorted(
            invoice.get("applied_taxes") or [], key=lambda tax: tax["tax_code"]
        ),
    }


def credit_note_view(note):
    view = dict(note)
    if "precise_total_amount_cents" in note:
        view["precise_total"] = note["precise_total_amount_cents"]
    if "precise_taxes_amount_cents" in note:
        precise = Decimal(note["precise_taxes_amount_cents"])
        view["taxes_rounding_adjustment"] = str(note["taxes_amount_cents"] - precise)
    return view


def usage_view(usage):
    """API usage -> scenario usage; `slices` are its finest parts, one per filter and group."""
    slices = []
    for charge in usage["charges_usage"]:
        for group in charge.get("grouped_usage") or [charge]:
            for part in group.get("filters") or [group]:
                group_keys = group.get("grouped_by") or {}
                slices.append(
                    {**part, "filter": part.get("values") or None, "grouped_by": group_keys}
                )
    charges = [
        {**charge, "code": charge["billable_metric"]["code"]} for charge in usage["charges_usage"]
    ]
    return {**usage, "charges_usage": charges, "slices": slices}


def response_view(reply):
    """What the money format calls `response` after an API call."""
    answer = reply.body if isinstance(reply.body, dict) else {}
    view = {
        "status": reply.status,
        "code": answer.get("code"),
        "error_details": answer.get("error_details"),
    }
    root, content = next(iter(answer.items()), (None, None))
    view["body"] = content if isinstance(content, dict) else answer
    if root == "entitlements" and isinstance(content, list):
        view["body"] = {
            root: {
                feature["code"]: {
                    privilege["code"]: privilege for privilege in feature["privileges"]
                }
                for feature in content
            }
        }
    elif isinstance(
        content, list
    ):  # analytics rows; months without data (no currency) do not count
        view["rows"] = [
            {**row, "month": (row.get("month") or "")[:10]}
            for row in content
            if row.get("currency")
        ]
    return view
