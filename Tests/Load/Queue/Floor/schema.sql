-- The least that a queue with priorities, retries and a history can be: what waits, what is under way, what was.
drop schema if exists floor cascade;
create schema floor;
create table floor.waiting (rank smallint not null, due_at timestamptz not null, lead_id bigint not null,
  attempts smallint not null, primary key (rank, due_at, lead_id)) with (autovacuum_vacuum_scale_factor = 0.02);
create table floor.under_way (lead_id bigint primary key, rank smallint not null, attempts smallint not null,
  owner integer not null, since timestamptz not null);
create table floor.past (lead_id bigint not null, attempt smallint not null, outcome smallint not null, at timestamptz not null);
insert into floor.waiting select 1, now() - interval '1 day' + i * interval '1 ms', i, 0 from generate_series(1, :leads) i;
vacuum analyze floor.waiting;
checkpoint;
