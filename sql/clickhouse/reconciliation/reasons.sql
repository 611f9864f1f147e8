-- name:    reconciliation/reasons
-- dialect: clickhouse
-- about:   Why events are billed, or are not: each event once, with the first reason that holds.
-- reads:   events, streams, corrections
-- frames:  windows, terms, standing, spans, codes
-- params:  organization String, start DateTime64(6, 'UTC'), stop DateTime64(6, 'UTC'), until Int64, parts Int64, part Int64, any_subscription Bool,
--          subscription String, code String, reason String, size Int64, skipped Int64
-- slots:   place, number
-- returns: reason String, code String, place Int64, events Int64
-- order:   place descending, reason, code
-- notes:   windows are what was billed, by terms that held then; spans are subscriptions, and standing
--          the terms that hold now. An event is known to an invoice if its row was taken in, and was
--          not yet corrected, up to the invoice's watermark. The rows of an amended event are one
--          event. {{place}} tells events apart, or is nothing. {{number}} is what a number looks
--          like. An empty text admits all; so does any_subscription;
--          the reason unbilled admits all but billed.
with asked as (
    select
        e.stream as stream,
        e.key_high as key_high,
        e.key_low as key_low,
        e.code as code,
        e.at as at,
        e.properties as properties,
        e.sequence as sequence,
        coalesce(c.sequence, 0) as corrected
    from events as e
    join streams as s on s.stream = e.stream
    left join corrections as c on c.event_sequence = e.sequence and c.sequence <= {until:Int64}
    where
        s.organization_id = {organization:String}
        and e.received_at >= {start:DateTime64(6, 'UTC')}
        and e.received_at < {stop:DateTime64(6, 'UTC')}
        and e.sequence <= {until:Int64}
        and e.stream % {parts:Int64} = {part:Int64}
        and ({any_subscription:Bool} or s.external_subscription_id = {subscription:String})
        and ({code:String} = '' or e.code = {code:String})
),

billed as (
    select
        a.key_high as key_high,
        a.key_low as key_low,
        max(
            case
                when w.is_final and a.sequence <= w.watermark
                and (a.corrected = 0 or a.corrected > w.watermark) then 1
                else 0
            end
        ) as is_billed,
        max(
            case
                when not w.is_final and a.sequence <= w.watermark
                and (a.corrected = 0 or a.corrected > w.watermark) then 1
                else 0
            end
        ) as is_drafted,
        max(case when w.is_final and a.corrected = 0 then 1 else 0 end) as is_late
    from asked as a
    join windows as w on w.stream = a.stream
    join terms as t on t.plan_id = w.plan_id and t.code = a.code
    where
        a.at < w.stop
        and (t.recurring or a.at >= w.start)
        and t.since <= w.billed_at
        and w.billed_at < t.until
        and (
            t.needs = 'nothing'
            or (t.needs = 'text' and JSONExtractString(a.properties, t.field) <> '')
            or (t.needs = 'number' and match(JSONExtractString(a.properties, t.field), '^{{number}}$'))
        )
    group by a.key_high, a.key_low
),

claimed as (
    select
        a.key_high as key_high,
        a.key_low as key_low,
        max(case when t.code is not null then 1 else 0 end) as is_charged,
        max(case when t.code is not null and (
            t.needs = 'nothing'
            or (t.needs = 'text' and JSONExtractString(a.properties, t.field) <> '')
            or (t.needs = 'number' and match(JSONExtractString(a.properties, t.field), '^{{number}}$'))
        ) then 1 else 0 end) as is_fit,
        max(case when x.is_invoiced then 1 else 0 end) as is_invoiced
    from asked as a
    join spans as x on x.stream = a.stream
    left join standing as t on t.plan_id = x.plan_id and t.code = a.code
    where
        a.corrected = 0
        and a.at < x.stop
        and (a.at >= x.start or coalesce(t.recurring, false))
    group by a.key_high, a.key_low
),

edges as (
    select
        stream,
        min(start) as first,
        max(stop) as last
    from spans
    group by stream
),

identified as (
    select
        key_high,
        key_low,
        min(stream) as stream,
        max(sequence) as newest,
        argMax(code, sequence) as newest_code,
        argMax(at, sequence) as newest_at,
        max(case when corrected = 0 then 1 else 0 end) as is_standing
    from asked
    group by key_high, key_low
),

told as (
    select
        case
            when b.is_billed = 1 then 'billed'
            when i.is_standing = 0 then 'voided'
            when b.is_drafted = 1 then 'draft'
            when b.is_late = 1 then 'late'
            when i.newest_code not in (select code from codes) then 'no_metric'
            when s.first is null then 'no_subscription'
            when c.is_charged = 1 and c.is_fit = 0 then 'invalid_value'
            when c.is_fit = 1 and c.is_invoiced = 0 then 'not_invoiced'
            when c.is_fit = 1 then 'open'
            when i.newest_at < s.first then 'before_subscription'
            when i.newest_at >= s.last then 'after_subscription'
            when c.is_charged is null then 'between_subscriptions'
            else 'not_charged'
        end as reason,
        i.newest_code as code,
        i.newest as sequence
    from identified as i
    left join billed as b on b.key_high = i.key_high and b.key_low = i.key_low
    left join claimed as c on c.key_high = i.key_high and c.key_low = i.key_low
    left join edges as s on s.stream = i.stream
)

select
    reason,
    toString(code) as code,
    {{place}} as place,
    toInt64(count()) as events
from told
where
    {reason:String} = ''
    or reason = {reason:String}
    or ({reason:String} = 'unbilled' and reason <> 'billed')
group by reason, code, place
order by
    place desc,
    reason,
    code
limit {size:Int64}
offset {skipped:Int64}
