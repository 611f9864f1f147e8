-- name:    revenue/gross_revenue
-- dialect: clickhouse
-- about:   What final invoices came to, by month, currency and billing entity.
-- reads:   invoice_facts
-- params:  organization_id String, currency String, billing_entity_id String, customer_id String, start Date32,
--          stop Date32
-- returns: month DateTime64(6, 'UTC'), amount_cents Int64, currency String, invoices_count Int64,
--          billing_entity_id String
-- order:   month, currency, billing_entity_id
-- notes:   start is inside the range, stop is not. An empty text filters nothing. Of an invoice only
--          its newest version counts.
with newest as (
    select
        invoice_id,
        max(version) as version
    from invoice_facts
    where organization_id = {organization_id:String}
    group by invoice_id
)

select
    toDateTime64(toStartOfMonth(issuing_date), 6, 'UTC') as month,
    toInt64(sum(total_amount_cents)) as amount_cents,
    toString(currency) as currency,
    toInt64(count(*)) as invoices_count,
    toString(billing_entity_id) as billing_entity_id
from invoice_facts
where
    status = 'finalized'
    and (invoice_id, version) in (select invoice_id, version from newest)
    and organization_id = {organization_id:String}
    and ({currency:String} = '' or currency = {currency:String})
    and ({billing_entity_id:String} = '' or billing_entity_id = {billing_entity_id:String})
    and ({customer_id:String} = '' or customer_id = {customer_id:String})
    and issuing_date >= {start:Date32}
    and issuing_date < {stop:Date32}
group by month, currency, billing_entity_id
order by month, currency, billing_entity_id
