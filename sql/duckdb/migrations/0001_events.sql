-- Usage events, and the dictionary of what they were sent for.
create table streams (
    stream bigint not null,
    organization_id varchar not null,
    external_subscription_id varchar not null
);

create table events (
    stream bigint not null,
    code varchar not null,
    "at" timestamptz not null,
    transaction_id varchar not null,
    key_high ubigint not null,
    key_low ubigint not null,
    properties varchar not null,
    precise_total_amount_cents decimal(38, 12),
    sequence bigint not null,
    received_at timestamptz not null
);

create table rejected_events (
    id varchar not null,
    reception bigint not null,
    organization_id varchar not null,
    received_at timestamptz not null,
    transaction_id varchar,
    external_subscription_id varchar,
    code varchar,
    reason varchar not null,
    content varchar not null
);

create table runs (
    first bigint not null,
    last bigint not null
);
