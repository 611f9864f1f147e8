-- name:    facts/known_invoices
-- dialect: duckdb
-- about:   Which of the wanted versions of invoices are here already.
-- reads:   invoice_facts
-- frames:  wanted
-- params:  organization_id VARCHAR
-- returns: invoice_id VARCHAR, version BIGINT
-- order:   none
select
    facts.invoice_id,
    facts.version
from invoice_facts as facts
semi join wanted using (invoice_id, version)
where facts.organization_id = $organization_id
