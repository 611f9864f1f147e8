-- name:    facts/known_fees
-- dialect: duckdb
-- about:   Which of the wanted versions of fees are here already.
-- reads:   fee_facts
-- frames:  wanted
-- params:  organization_id VARCHAR
-- returns: fee_id VARCHAR, version BIGINT
-- order:   none
select
    facts.fee_id,
    facts.version
from fee_facts as facts
semi join wanted using (fee_id, version)
where facts.organization_id = $organization_id
