"""Which scenarios must pass now, and what the others wait for.

A case is a file of core/ or money/. Each is named here once: a new one, or one that has come to
pass, is moved by whoever makes it so.
"""

GREEN = """
advance-advance-sum-current-usage-grouped
advance-count-standard
advance-dynamic
advance-graduated
advance-graduated-same-second-events
advance-package
advance-percentage-free-amount
advance-regroup-paid-fees
advance-sum-standard-running-maximum
advance-unique-count-standard
agg-event-boundaries-decimal-timestamps
agg-event-duplicates
agg-event-late-during-grace
agg-event-timezone-boundary
agg-events-follow-external-subscription-id
agg-latest
agg-max
agg-metric-rounding-functions
agg-sum-decimals-and-negative
agg-sum-recurring-carried
agg-sum-recurring-prorated-three-months
agg-terminate-recreate-same-external-id
agg-unique-count-metered-operations
agg-unique-count-prorated-arrears
agg-unique-count-prorated-arrears-grouped
agg-unique-count-prorated-same-day
change-downgrade-arrears-fixed-charges
change-downgrade-monthly-to-yearly
change-multiple-upgrades-same-day-calendar
change-terminate-quarterly-whole-period-proration-anniversary
change-terminate-quarterly-whole-period-proration-calendar
change-upgrade-fixed-charges-advance-prorated
change-upgrade-fixed-charges-arrears-prorated
change-upgrade-monthly-to-yearly-advance
charge-currency-exponents
charge-dynamic-grouped
charge-filters-and-groups
charge-graduated-adjacent-ranges
charge-graduated-percentage
charge-graduated-tiers-and-flat
charge-percentage-free-events-and-amount
charge-percentage-min-max-per-transaction
charge-spending-minimum-filters-termination
charge-spending-minimum-full-period
charge-volume
commitment-advance-with-all-charge-kinds
entitlements-value-errors
invoice-credit-note-carries-over
progressive-enabled-after-invoiced
progressive-not-recurring-is-lifetime
progressive-single-plus-recurring
progressive-two-thresholds-same-period
progressive-upgrade-credits
progressive-with-tax
fixed-subscription-units-override
prorated-graduated-sum-negative-carry
prorated-graduated-sum-old-events-termination
prorated-graduated-sum-three-tiers
prorated-graduated-unique-count
prorated-graduated-unique-count-removed-before-period
termination-advance-credit-default
termination-advance-credit-skip
termination-advance-ends-on-billing-day
termination-advance-invoice-skip
termination-arrears
termination-ending-at-on-billing-day
termination-ending-at-timezones
termination-manual-after-billing-same-day
""".split()
"""What passes, on both pairs of engines."""

WAITING = {
    "credit-notes-termination-credit": "webhook endpoints",
    "credit-notes-termination-skip": "webhook endpoints",
    "credit-notes-termination-timezone-paris": "webhook endpoints",
    "credit-notes-upgrade-in-advance": "webhook endpoints",
    "credit-notes-consumption-oldest-first": "one-off invoices",
    "credit-notes-consumption-partial-and-void": "one-off invoices",
    "credit-notes-offset-settles-invoice": "one-off invoices and payments",
    "credit-notes-partial-with-limited-coupon-two-taxes": "coupons",
    "credit-notes-prepaid-credit-invoice-refund": "wallets",
    "credit-notes-rounding-two-equal-items": "one-off invoices and payments",
    "credit-notes-rounding-with-coupon-three-fees": "coupons",
    "credit-notes-termination-refund-after-earlier-note": "payments",
    "credit-notes-termination-refund-fully-paid": "payments",
    "credit-notes-termination-refund-partially-paid": "payments",
    "credit-notes-termination-refund-small-payment": "payments",
    "credit-notes-termination-rounding-monthly": "PUT /invoices/{id}",
    "credit-notes-termination-rounding-weekly": "PUT /invoices/{id}",
    "credit-notes-termination-with-coupon": "coupons",
    "credit-notes-validation-errors": "one-off invoices and payments",
    "credit-notes-void-amount-too-high": "voiding invoices",
    "credit-notes-void-generates-credit": "voiding invoices",
    "credit-notes-void-partial-then-voided-remainder": "voiding invoices",
}
"""What does not, and why."""
