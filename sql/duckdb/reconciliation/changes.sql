-- name:    reconciliation/changes
-- dialect: duckdb
-- about:   What came to the windows of invoices after they were computed, by what happened to it.
-- reads:   events, corrections
-- frames:  windows, terms
-- params:  until BIGINT
-- slots:   number
-- returns: invoice_id VARCHAR, external_subscription_id VARCHAR, charge_id VARCHAR, reason VARCHAR,
--          sequence BIGINT, event_sequence BIGINT
-- order:   invoice_id, charge_id, sequence, event_sequence
-- notes:   late came in since, voided and amended_from were billed and count no more, amended_to count
--          in their place.
with late as (
    select
        w.invoice_id as invoice_id,
        w.external_subscription_id as external_subscription_id,
        t.charge_id as charge_id,
        case
            when a.sequence in (select sequence from corrections) then 'amended_to'
            else 'late'
        end as reason,
        a.sequence as sequence,
        a.sequence as event_sequence
    from events as a
    join windows as w on w.stream = a.stream
    join terms as t on t.plan_id = w.plan_id and t.code = a.code
    where
        a.stream in (select stream from windows)
        and a.at < w.stop
        and (t.recurring or a.at >= w.start)
        and a.sequence > w.watermark
        and a.sequence <= $until
        and a.sequence not in (
            select event_sequence from corrections where sequence <= $until
        )
        and t.since <= w.billed_at
        and w.billed_at < t.until
        and (
        t.needs = 'nothing'
        or (t.needs = 'text' and json_extract_string(a.properties, t.field) <> '')
        or (t.needs = 'number' and regexp_full_match(json_extract_string(a.properties, t.field), '{{number}}'))
    )
),

corrected as (
    select
        w.invoice_id as invoice_id,
        w.external_subscription_id as external_subscription_id,
        t.charge_id as charge_id,
        case when c.kind = 'void' then 'voided' else 'amended_from' end as reason,
        c.sequence as sequence,
        a.sequence as event_sequence
    from corrections as c
    join events as a on a.sequence = c.event_sequence
    join windows as w on w.stream = a.stream
    join terms as t on t.plan_id = w.plan_id and t.code = a.code
    where
        a.stream in (select stream from windows)
        and a.at < w.stop
        and (t.recurring or a.at >= w.start)
        and a.sequence <= w.watermark
        and c.sequence > w.watermark
        and c.sequence <= $until
        and t.since <= w.billed_at
        and w.billed_at < t.until
        and (
        t.needs = 'nothing'
        or (t.needs = 'text' and json_extract_string(a.properties, t.field) <> '')
        or (t.needs = 'number' and regexp_full_match(json_extract_string(a.properties, t.field), '{{number}}'))
    )
)

select
    *
from late
union all
select
    *
from corrected
order by
    invoice_id,
    charge_id,
    sequence,
    event_sequence
