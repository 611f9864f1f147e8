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
commitment-advance-monthly-anniversary
commitment-advance-monthly-calendar
commitment-advance-weekly-termination
commitment-advance-with-all-charge-kinds
commitment-arrears-yearly-calendar
commitment-arrears-yearly-charges-monthly
commitment-downgrade-full-period
entitlements-value-errors
fixed-arrears-units-change-prorated
fixed-graduated-and-volume
fixed-leap-year-four-kinds
fixed-subscription-units-override
fixed-units-increase-delta
fixed-units-increase-prorated
invoice-credit-note-carries-over
invoice-customer-grouping-by-currency
invoice-draft-has-no-coupons-nor-credits
invoice-issuing-date-timezone
invoice-numbering
invoice-zero-amount
progressive-enabled-after-invoiced
progressive-not-recurring-is-lifetime
progressive-single-plus-recurring
progressive-two-thresholds-same-period
progressive-upgrade-credits
progressive-with-tax
prorated-graduated-sum-negative-carry
prorated-graduated-sum-old-events-termination
prorated-graduated-sum-three-tiers
prorated-graduated-unique-count
prorated-graduated-unique-count-removed-before-period
subscription-anniversary-30th-advance
subscription-anniversary-31st-arrears
subscription-anniversary-clamped-periods
subscription-backdated-start
subscription-dst-daylight-saving-month
subscription-leap-february-partial
subscription-one-invoice-per-customer-per-run
subscription-weekly-timezones
subscription-yearly-charges-monthly
tax-levels-default-customer-plan
tax-rounding-per-tax-and-total
termination-advance-credit-default
termination-advance-credit-skip
termination-advance-ends-on-billing-day
termination-advance-invoice-skip
termination-arrears
termination-ending-at-on-billing-day
termination-ending-at-timezones
termination-manual-after-billing-same-day
trial-advance-ends-mid-period
trial-ends-on-billing-day-paris
trial-longer-than-period
trial-upgrade-during-trial
trial-with-minimum-commitment
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
