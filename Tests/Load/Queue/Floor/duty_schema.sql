-- What the dialer's queue keeps of a call, in bare SQL: the lead, its place in the queue, the attempt with its permit while
-- it is under way and afterwards, and a fact for others at each step, all found by UUIDs.
drop schema if exists duty cascade;
create schema duty;
create table duty.lead (tenant uuid not null, campaign uuid not null, id uuid not null, lead bytea not null,
  state text not null, primary key (tenant, campaign, id)) with (fillfactor = 80);
create table duty.waiting (tenant uuid not null, campaign uuid not null, rank smallint not null, due_at timestamptz not null,
  lead uuid not null, attempts smallint not null, primary key (tenant, campaign, rank, due_at, lead))
  with (autovacuum_vacuum_scale_factor = 0.02);
create unique index waiting_lead on duty.waiting (tenant, campaign, lead);
create table duty.under_way (tenant uuid not null, call uuid not null, campaign uuid not null, lead uuid not null,
  rank smallint not null, attempts smallint not null, permit bytea not null, granted_at timestamptz not null,
  primary key (tenant, call)) with (fillfactor = 50);
create table duty.past (tenant uuid not null, call uuid not null, campaign uuid not null, lead uuid not null,
  attempt smallint not null, permit bytea not null, granted_at timestamptz not null, outcome text not null,
  primary key (tenant, call), unique (tenant, campaign, lead, attempt));
create table duty.ending (tenant uuid not null, campaign uuid not null, lead uuid not null, at timestamptz not null,
  reason text not null, primary key (tenant, campaign, lead, at));
create table duty.fact (tenant uuid not null, transaction xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity, key text not null, payload bytea not null, primary key (tenant, transaction, id));
create index fact_order on duty.fact (transaction, id);
insert into duty.lead select md5('t')::uuid, md5('c')::uuid, md5(i::text)::uuid, repeat('x', 70)::bytea, 'open'
from generate_series(1, :leads) i;
insert into duty.waiting
select md5('t')::uuid, md5('c')::uuid, 1, now() - interval '1 day' + i * interval '1 ms', md5(i::text)::uuid, 0
from generate_series(1, :leads) i;
vacuum analyze duty.lead;
vacuum analyze duty.waiting;
checkpoint;
