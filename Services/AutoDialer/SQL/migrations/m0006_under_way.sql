-- Attempts that are under way, apart from those that are over.
--
-- Why: an attempt changes until its outcome is there and never after. What is under way is as much as there are lines,
-- however many calls were ever made: its rows change in place, one index is enough, and looking through all of it is
-- cheap. What is over is written once, into two indexes. Slots are counted in the row that a claim locks anyway, so that
-- a claim costs the same however many calls live and whatever a snapshot keeps from being cleaned away.

create table under_way (
  tenant_id uuid not null,
  -- Derived from campaign, lead and number of the attempt: the same attempt cannot be made twice.
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  attempt_number integer not null check (attempt_number > 0),
  -- Where it stood in the queue: it goes back there when it never left.
  rank smallint not null,
  state text not null check (state in ('permitted', 'placed', 'dial_unknown', 'ended')),
  permit bytea not null,
  phone text not null,
  provider text not null,
  reserved_micros bigint not null,
  granted_at timestamptz not null,
  placed_at timestamptz,
  ended_at timestamptz,
  -- It holds a slot until then at most (lease time); null: it has given it back.
  slot_until timestamptz,
  -- When it is looked at next unless it has ended (lease time), and how often it was in vain.
  look_at timestamptz not null default now() + interval '30 seconds',
  looks integer not null default 0,
  primary key (tenant_id, call_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

insert into under_way (tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit, phone, provider,
  reserved_micros, granted_at, placed_at, ended_at, slot_until, look_at, looks)
select a.tenant_id, a.call_id, a.campaign_id, a.lead_id, a.attempt_number, a.rank, a.state, a.permit, a.phone, a.provider,
  a.reserved_micros, a.granted_at, a.placed_at, a.ended_at,
  (select l.expires_at from lease l
   where l.tenant_id = a.tenant_id and l.campaign_id = a.campaign_id and l.call_id = a.call_id),
  a.look_at, a.looks
from attempt a where a.outcome is null and a.state <> 'withdrawn';

delete from attempt where outcome is null and state <> 'withdrawn';

alter table attempt rename to settled;
drop index attempt_by_campaign;
drop index attempt_of_phone;
alter table settled
  drop constraint attempt_state_check, add check (state in ('ended', 'withdrawn')),
  drop column look_at, drop column looks, drop column expires_at, drop column reserved_micros;

-- Every attempt, for whoever asks about the past and the present alike.
create view attempt as
select tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit, phone, provider, granted_at,
  placed_at, ended_at, null::text as outcome, false as permanent from under_way
union all
select tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit, phone, provider, granted_at,
  placed_at, ended_at, outcome, permanent from settled;

-- Slots that are taken. A claim adds; what is given back is in `settlement` until the next claim adds it up.
alter table campaign_counter add column live integer not null default 0;
alter table provider_limit add column live integer not null default 0;

create table settlement (
  tenant_id uuid not null,
  campaign_id uuid not null,
  entry bigint generated always as identity,
  provider text not null,
  -- Negative: taken again.
  slots integer not null,
  spent_micros bigint not null,
  -- Of the campaign's budget, no longer held back.
  released_micros bigint not null,
  primary key (tenant_id, campaign_id, entry)
);

insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
select tenant_id, campaign_id, 'twilio', 0, sum(spent_micros), sum(released_micros) from spending
group by tenant_id, campaign_id;

update campaign_counter c set live = (
  select count(*) from under_way u
  where u.tenant_id = c.tenant_id and u.campaign_id = c.campaign_id and u.slot_until is not null);

insert into provider_limit (tenant_id, provider, live)
select tenant_id, provider, count(*) from under_way where slot_until is not null group by tenant_id, provider
on conflict (tenant_id, provider) do update set live = excluded.live;

drop table spending;
drop table lease;
