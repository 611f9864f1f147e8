-- name:    reconciliation/received
-- dialect: clickhouse
-- about:   What the door counted in a period of reception, and how far it has counted at all.
-- reads:   receptions
-- params:  organization String, start DateTime64(6, 'UTC'), stop DateTime64(6, 'UTC')
-- returns: accepted Int64, duplicates Int64, withheld Int64, rejected Int64,
--          until Int64
-- order:   one row
select
    toInt64(sum(accepted)) as accepted,
    toInt64(sum(duplicates)) as duplicates,
    toInt64(sum(withheld)) as withheld,
    toInt64(sum(rejected)) as rejected,
    (select max(sequence) from receptions) as until
from receptions
where
    organization_id = {organization:String}
    and received_at >= {start:DateTime64(6, 'UTC')}
    and received_at < {stop:DateTime64(6, 'UTC')}
