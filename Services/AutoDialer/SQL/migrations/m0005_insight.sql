-- What the past was, for whoever asks why a lead was called or not, and for the proof; and calls that somebody asked for.
--
-- Why tables of their own: nothing here is read or written on the way of a claim, except one row when a lead ends and a
-- state when a requested call is placed.

-- Every state and policy that a campaign had, from when on. Entries of one instant hold in their order.
create table campaign_history (
  tenant_id uuid not null,
  campaign_id uuid not null,
  from_at timestamptz not null,
  entry bigint generated always as identity,
  state text not null check (state in ('draft', 'active', 'paused', 'completed', 'cancelled')),
  policy_version integer not null,
  policy bytea not null,
  primary key (tenant_id, campaign_id, from_at, entry)
);

-- What was before is not known: the first entry stands for it.
insert into campaign_history (tenant_id, campaign_id, from_at, state, policy_version, policy)
select tenant_id, campaign_id, 'epoch', state, policy_version, policy from campaign;

-- What a lead was until its data changed.
create table lead_history (
  tenant_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  until_at timestamptz not null,
  entry bigint generated always as identity,
  lead bytea not null,
  primary key (tenant_id, campaign_id, lead_id, until_at, entry)
);

-- When and why leads were done; reopened_at is set when somebody asked for one more call.
create table lead_end (
  tenant_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  ended_at timestamptz not null,
  reason text not null,
  reopened_at timestamptz,
  primary key (tenant_id, campaign_id, lead_id, ended_at)
);

insert into lead_end (tenant_id, campaign_id, lead_id, ended_at, reason)
select tenant_id, campaign_id, lead_id, 'epoch', 'not_recorded' from task where state = 'done';

-- When the bridge asked the provider, by its own word at the end of the call.
alter table attempt add column placed_at timestamptz;

-- A call that somebody asked for. The lead's place in the queue before it is kept, to give it back.
create table scheduled_call (
  tenant_id uuid not null,
  scheduled_call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  wanted_at timestamptz not null,
  due_at timestamptz not null,
  due_reason text not null,
  not_after timestamptz not null check (not_after > due_at),
  state text not null check (state in ('scheduled', 'placed', 'missed', 'cancelled')),
  state_reason text not null default '',
  reason text not null,
  actor text not null,
  -- Of the request; the same key never asks twice.
  idempotency_key text not null,
  created_at timestamptz not null,
  settled_at timestamptz,
  call_id uuid,
  -- Null where the lead was done: `before_reason` says why.
  before_rank smallint,
  before_due_at timestamptz,
  before_not_after timestamptz,
  before_avoid_start smallint,
  before_avoid_end smallint,
  before_reason text not null default '',
  primary key (tenant_id, scheduled_call_id)
);

create unique index scheduled_call_key on scheduled_call (tenant_id, idempotency_key) where idempotency_key <> '';
create unique index scheduled_call_waiting on scheduled_call (tenant_id, campaign_id, lead_id) where state = 'scheduled';
create index scheduled_call_list on scheduled_call (tenant_id, campaign_id, scheduled_call_id);
create index scheduled_call_of_lead on scheduled_call (tenant_id, campaign_id, lead_id, created_at);
create index scheduled_call_ends on scheduled_call (not_after) where state = 'scheduled';
