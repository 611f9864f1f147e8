-- How far each source was read: one row for each part of it whose rows were all answered.
create table positions (
    organization_id varchar not null,
    source varchar not null,
    position bigint not null,
    received bigint not null,
    received_at timestamptz not null
);
