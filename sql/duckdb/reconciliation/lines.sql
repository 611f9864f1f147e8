-- name:    reconciliation/lines
-- dialect: duckdb
-- about:   What the lines of invoices must have counted, by the events that are stored now.
-- reads:   events, corrections
-- frames:  windows, terms
-- params:  parts BIGINT, part BIGINT
-- slots:   number
-- returns: invoice_id VARCHAR, external_subscription_id VARCHAR, charge_id VARCHAR, events BIGINT,
--          digest DECIMAL(38,0)
-- order:   none
-- notes:   As reasons: the events that an invoice knew, and that its charges could aggregate.
select
    w.invoice_id as invoice_id,
    w.external_subscription_id as external_subscription_id,
    t.charge_id as charge_id,
    count(*) as events,
    sum(a.key_low)::decimal(38, 0) as digest
from events as a
join windows as w on w.stream = a.stream
join terms as t on t.plan_id = w.plan_id and t.code = a.code
left join corrections as c on c.event_sequence = a.sequence
where
    a.stream % $parts = $part
    and a.stream in (select stream from windows)
    and a.at < w.stop
    and (t.recurring or a.at >= w.start)
    and a.sequence <= w.watermark
    and (c.sequence is null or c.sequence > w.watermark)
    and t.since <= w.billed_at
    and w.billed_at < t.until
    and (
        t.needs = 'nothing'
        or (t.needs = 'text' and json_extract_string(a.properties, t.field) <> '')
        or (t.needs = 'number' and regexp_full_match(json_extract_string(a.properties, t.field), '{{number}}'))
    )
group by w.invoice_id, w.external_subscription_id, t.charge_id
