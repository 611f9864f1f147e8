-- name:    events/page
-- dialect: duckdb
-- about:   One page of the events of an organization, the latest first.
-- reads:   events, streams, corrections
-- params:  organization VARCHAR, any_subscription BOOLEAN, subscription VARCHAR, code VARCHAR,
--          earliest TIMESTAMP WITH TIME ZONE, latest TIMESTAMP WITH TIME ZONE,
--          start BIGINT, size BIGINT, after BOOLEAN, after_at TIMESTAMP WITH TIME ZONE,
--          after_transaction VARCHAR, after_sequence BIGINT
-- returns: key_high UBIGINT, key_low UBIGINT, transaction_id VARCHAR, code VARCHAR, at TIMESTAMP WITH TIME ZONE,
--          precise_total_amount_cents DECIMAL(38, 12), properties VARCHAR,
--          external_subscription_id VARCHAR, received_at TIMESTAMP WITH TIME ZONE, sequence BIGINT,
--          corrected VARCHAR
-- order:   at descending, transaction_id, sequence
-- notes:   an empty code admits all; so does any_subscription. Where after is true, the page follows
--          the event that the three after_ parameters name. A row that was amended is not shown: the one
--          that counts in its place is.
select
    e.key_high,
    e.key_low,
    e.transaction_id,
    e.code,
    e.at,
    e.precise_total_amount_cents,
    e.properties,
    s.external_subscription_id,
    e.received_at,
    e.sequence,
    coalesce(c.kind, a.kind) as corrected
from events as e
join streams as s on s.stream = e.stream
left join corrections as c on c.event_sequence = e.sequence
left join corrections as a on a.sequence = e.sequence
where
    s.organization_id = $organization
    and ($any_subscription or s.external_subscription_id = $subscription)
    and ($code = '' or e.code = $code)
    and e.at >= $earliest
    and e.at <= $latest
    and coalesce(c.kind, '') <> 'amend'
    and (
        not $after
        or e.at < $after_at
        or (
            e.at = $after_at
            and (e.transaction_id, e.sequence) > ($after_transaction, $after_sequence)
        )
    )
order by
    e.at desc,
    e.transaction_id,
    e.sequence
limit $size
offset $start
