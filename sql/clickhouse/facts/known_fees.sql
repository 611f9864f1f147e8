-- name:    facts/known_fees
-- dialect: clickhouse
-- about:   Which of the wanted versions of fees are here already.
-- reads:   fee_facts
-- frames:  wanted
-- params:  organization_id String
-- returns: fee_id String, version Int64
-- order:   none
select
    fee_id,
    version
from fee_facts
where
    organization_id = {organization_id:String}
    and (fee_id, version) in (select fee_id, version from wanted)
