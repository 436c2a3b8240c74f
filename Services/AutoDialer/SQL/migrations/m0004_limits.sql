-- What caps calls, and the numbers they show.
--
-- Why this shape: counters that cap move in the claim's transaction under row locks taken in the order campaign, caller
-- ids, provider, tenant. Whatever happens to calls afterwards is appended (spending, caller_id_call), so that news of calls
-- never waits for a claim, nor a claim for them.

create table tenant_limit (
  tenant_id uuid primary key,
  time_zone text not null default 'UTC',
  max_calls_per_day integer check (max_calls_per_day > 0),
  max_concurrent_calls integer check (max_concurrent_calls > 0),
  day date not null default '1970-01-01',
  day_calls integer not null default 0 check (day_calls >= 0)
);

create table provider_limit (
  tenant_id uuid not null,
  provider text not null,
  -- Null: as the settings say.
  max_concurrent_calls integer check (max_concurrent_calls > 0),
  max_calls_per_minute integer check (max_calls_per_minute > 0),
  inbound_percent integer check (inbound_percent between 0 and 90),
  minute_start timestamptz not null default '1970-01-01',
  minute_calls integer not null default 0 check (minute_calls >= 0),
  -- Circuit breaker.
  failures integer not null default 0,
  openings integer not null default 0,
  open_until timestamptz,
  -- Nothing is placed until then, and since when that has been so without a break.
  held_until timestamptz,
  held_since timestamptz,
  held_reason text check (held_reason in ('provider_throttled', 'agent_unavailable')),
  primary key (tenant_id, provider)
);

alter table campaign_counter
  add column spent_micros bigint not null default 0,
  -- For attempts that are not settled.
  add column reserved_micros bigint not null default 0,
  -- The reason for which CampaignBlocked was told last and which still holds.
  add column blocked text;

alter table attempt
  add column provider text not null default 'twilio',
  add column reserved_micros bigint not null default 0;

alter table lease add column provider text not null default 'twilio';

-- What attempts cost and no longer hold back, not yet in the campaign's counter: the next claim adds it up.
create table spending (
  tenant_id uuid not null,
  campaign_id uuid not null,
  call_id uuid not null,
  spent_micros bigint not null,
  released_micros bigint not null,
  primary key (tenant_id, campaign_id, call_id)
);

create table caller_id (
  tenant_id uuid not null,
  number text not null,
  state text not null check (state in ('warming', 'active', 'cooling', 'quarantined', 'retired')),
  -- Null: a campaign brought it itself.
  tier smallint check (tier between 1 and 3),
  provider text not null,
  time_zone text not null,
  -- Null: no cap.
  calls_per_day integer check (calls_per_day > 0),
  warmup_start date,
  rests_until timestamptz,
  alarms integer not null default 0,
  alarm text check (alarm in ('answer_rate', 'short_calls', 'failures')),
  alarm_detail text,
  last_alarm_at timestamptz,
  judged_since timestamptz not null,
  day date not null default '1970-01-01',
  day_calls integer not null default 0 check (day_calls >= 0),
  last_used_at timestamptz,
  -- Circuit breaker.
  failures integer not null default 0,
  openings integer not null default 0,
  open_until timestamptz,
  -- Of a number that was bought here: the provider's id, and the request it was bought for.
  provider_number_id text,
  request_key text,
  added_at timestamptz not null,
  primary key (tenant_id, number),
  check ((state = 'cooling') = (rests_until is not null)),
  check (state <> 'warming' or warmup_start is not null)
);

create index caller_id_by_tier on caller_id (tenant_id, tier) where tier is not null and state <> 'retired';
create index caller_id_by_request on caller_id (tenant_id, request_key) where request_key is not null;

-- Ended calls by the number that they showed: what its health is judged by.
create table caller_id_call (
  tenant_id uuid not null,
  number text not null,
  ended_at timestamptz not null,
  call_id uuid not null,
  answered boolean not null,
  short boolean not null,
  failed boolean not null,
  primary key (tenant_id, number, ended_at, call_id)
);

create index caller_id_call_latest on caller_id_call (tenant_id, ended_at);
