-- The dial queue, its attempts and its leases.
--
-- Why this shape: a claim walks an index in order (campaign, priority, due_at), so its cost does not grow with the
-- backlog; an attempt is unique per (lead, number) before any provider hears of it; a slot is a row that expires, so
-- nothing can leak for longer than a lease.

-- What the dialer knows of a campaign, as told by campaign-executor's events.
create table campaign (
  tenant_id uuid not null,
  campaign_id uuid not null,
  state text not null check (state in ('draft', 'active', 'paused', 'completed', 'cancelled')),
  policy_version integer not null,
  policy bytea not null,
  primary key (tenant_id, campaign_id)
);

create index campaign_active on campaign (tenant_id, campaign_id) where state = 'active';

-- Counters that cap: moved only in the transaction of a claim, under this row's lock.
create table campaign_counter (
  tenant_id uuid not null,
  campaign_id uuid not null,
  day date not null,
  day_calls integer not null check (day_calls >= 0),
  minute_start timestamptz not null,
  minute_calls integer not null check (minute_calls >= 0),
  primary key (tenant_id, campaign_id)
);

-- One lead of one campaign. due_at is the earliest instant at which every rule that time alone decides lets it be
-- called.
create table task (
  tenant_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  state text not null check (state in ('waiting', 'in_flight', 'done')),
  priority smallint not null,
  due_at timestamptz not null,
  -- Attempts numbered so far; numbers are never used twice.
  attempts integer not null default 0 check (attempts >= 0),
  -- Attempts that never left, which cost the lead nothing.
  withdrawn integer not null default 0 check (withdrawn >= 0 and withdrawn <= attempts),
  -- A retry that must lie on the same day ends here; one that must differ from the last time of day avoids these
  -- minutes of the local day.
  not_after timestamptz,
  avoid_start smallint,
  avoid_end smallint,
  lead bytea not null,
  primary key (tenant_id, campaign_id, lead_id)
) with (fillfactor = 80);

create index task_due on task (tenant_id, campaign_id, priority, due_at, lead_id) where state = 'waiting';

-- One attempt at one lead, committed before a provider is asked. call_id derives from the other three.
create table attempt (
  tenant_id uuid not null,
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  attempt_number integer not null check (attempt_number > 0),
  state text not null check (state in ('permitted', 'placed', 'dial_unknown', 'ended', 'withdrawn')),
  permit bytea not null,
  granted_at timestamptz not null,
  expires_at timestamptz not null,
  -- When an unsettled attempt is looked at next (lease time, not business time).
  look_at timestamptz not null default now() + interval '30 seconds',
  looks integer not null default 0,
  outcome text,
  -- The number takes no calls: trying again would end the same way.
  permanent boolean not null default false,
  ended_at timestamptz,
  primary key (tenant_id, call_id),
  unique (tenant_id, campaign_id, lead_id, attempt_number)
);

create index attempt_by_campaign on attempt (tenant_id, campaign_id, call_id);
create index attempt_unsettled on attempt (look_at) where state in ('permitted', 'dial_unknown', 'placed');

-- A concurrency slot. "In flight" is the number of live leases.
create table lease (
  tenant_id uuid not null,
  campaign_id uuid not null,
  call_id uuid not null,
  owner text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, campaign_id, call_id)
);
