-- Campaigns, their leads and their progress.
create table campaign (
  tenant_id uuid not null,
  campaign_id uuid not null,
  state text not null check (state in ('draft', 'active', 'paused', 'completed', 'cancelled')),
  state_reason text not null default '',
  policy_version integer not null check (policy_version > 0),
  policy bytea not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  primary key (tenant_id, campaign_id)
);

-- Every version that a policy ever had: attempts point at the one they were decided under.
create table campaign_policy (
  tenant_id uuid not null,
  campaign_id uuid not null,
  policy_version integer not null,
  policy bytea not null,
  actor text not null,
  made_at timestamptz not null,
  primary key (tenant_id, campaign_id, policy_version)
);

create table campaign_audit (
  tenant_id uuid not null,
  campaign_id uuid not null,
  entry bigint generated always as identity,
  from_state text not null,
  to_state text not null,
  actor text not null,
  reason text not null,
  at timestamptz not null,
  primary key (tenant_id, campaign_id, entry)
);

create table lead (
  tenant_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  phone text not null check (phone ~ '^\+[0-9]{4,15}$'),
  region text not null,
  first_name text not null,
  last_name text not null,
  company text not null,
  email text not null,
  time_zone text not null,
  attributes jsonb not null,
  state text not null default 'open' check (state in ('open', 'done')),
  outcome text,
  attempts integer not null default 0 check (attempts >= 0),
  last_called_at timestamptz,
  next_attempt_at timestamptz,
  score smallint check (score between 0 and 100),
  done_reason text not null default '',
  created_at timestamptz not null,
  primary key (tenant_id, campaign_id, lead_id),
  -- A person is in a campaign once, however often the upload names them.
  unique (tenant_id, campaign_id, phone),
  foreign key (tenant_id, campaign_id) references campaign on delete cascade
) with (fillfactor = 85);

create table lead_import (
  tenant_id uuid not null,
  import_id uuid not null,
  campaign_id uuid not null,
  file_name text not null,
  state text not null check (state in ('open', 'complete', 'broken_off')),
  opened_at timestamptz not null,
  primary key (tenant_id, import_id),
  foreign key (tenant_id, campaign_id) references campaign on delete cascade
);

create index lead_import_open on lead_import (tenant_id, campaign_id) where state = 'open';

-- One batch of an upload and the answer it got: sending it again gives the same answer and changes nothing.
create table lead_import_batch (
  tenant_id uuid not null,
  import_id uuid not null,
  batch integer not null check (batch > 0),
  rows integer not null,
  added integer not null,
  merged integer not null,
  refused integer not null,
  answer bytea not null,
  primary key (tenant_id, import_id, batch),
  foreign key (tenant_id, import_id) references lead_import on delete cascade
);

-- Sums over a campaign, moved in the transactions that change what they count.
create table progress (
  tenant_id uuid not null,
  campaign_id uuid not null,
  leads bigint not null default 0,
  done bigint not null default 0,
  called bigint not null default 0,
  successful bigint not null default 0,
  in_flight bigint not null default 0,
  attempts bigint not null default 0,
  retries_waiting bigint not null default 0,
  cost_micros bigint not null default 0,
  revision bigint not null default 1,
  primary key (tenant_id, campaign_id),
  foreign key (tenant_id, campaign_id) references campaign on delete cascade
);

-- kind 'attempt': ended attempts by outcome. kind 'lead': done leads by final outcome.
create table progress_outcome (
  tenant_id uuid not null,
  campaign_id uuid not null,
  kind text not null check (kind in ('attempt', 'lead')),
  outcome text not null,
  count bigint not null,
  primary key (tenant_id, campaign_id, kind, outcome),
  foreign key (tenant_id, campaign_id) references campaign on delete cascade
);
