-- name:    facts/known_invoices
-- dialect: clickhouse
-- about:   Which of the wanted versions of invoices are here already.
-- reads:   invoice_facts
-- frames:  wanted
-- params:  organization_id String
-- returns: invoice_id String, version Int64
-- order:   none
select
    invoice_id,
    version
from invoice_facts
where
    organization_id = {organization_id:String}
    and (invoice_id, version) in (select invoice_id, version from wanted)
