-- What the door counted, what was rejected and came again, and what was put right afterwards.
create table receptions (
    reception bigint not null,
    organization_id varchar not null,
    received_at timestamptz not null,
    accepted bigint not null,
    duplicates bigint not null,
    withheld bigint not null,
    rejected bigint not null,
    sequence bigint not null
);

create table replays (
    rejected_id varchar not null,
    organization_id varchar not null,
    replayed_at timestamptz not null,
    verdict varchar not null
);

create table corrections (
    sequence bigint not null,
    kind varchar not null,
    reason varchar not null,
    corrected_by varchar not null,
    corrected_at timestamptz not null,
    event_sequence bigint not null,
    stream bigint not null,
    code varchar not null,
    "at" timestamptz not null,
    transaction_id varchar not null,
    key_high ubigint not null,
    key_low ubigint not null,
    properties varchar not null,
    precise_total_amount_cents decimal(38, 12),
    received_at timestamptz not null
);
