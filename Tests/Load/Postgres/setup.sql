-- Tables of the benchmark: what leads look like, without more of them than fit in memory.
drop schema if exists benchmark cascade;
create schema benchmark;
create table benchmark.lead (id bigint primary key, phone text, name text, zone text);
insert into benchmark.lead
select i, '+1' || 2000000000 + i, 'Lead ' || i, 'America/New_York' from generate_series(1, 100000) i;
create table benchmark.counter (id bigint primary key, n bigint not null) with (fillfactor = 70);
insert into benchmark.counter select i, 0 from generate_series(1, 100000) i;
create unlogged table benchmark.staged (
  id bigint, campaign_id integer, phone text, name text, email text, company text, zone text, priority smallint,
  source text, created_at timestamptz
);
vacuum analyze benchmark.lead;
vacuum analyze benchmark.counter;
