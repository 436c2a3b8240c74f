-- What people are told, and what other systems are told by webhooks.
create table notification (
  tenant_id uuid not null,
  notification_id uuid not null,
  campaign_id uuid,
  kind text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  for_admins boolean not null,
  text text not null,
  at timestamptz not null,
  primary key (tenant_id, notification_id)
);

-- What held up a campaign lately, so that people hear of it once.
create table campaign_block (
  tenant_id uuid not null,
  campaign_id uuid not null,
  reason text not null,
  until timestamptz not null,
  primary key (tenant_id, campaign_id, reason),
  foreign key (tenant_id, campaign_id) references campaign on delete cascade
);

create table webhook_endpoint (
  tenant_id uuid not null,
  endpoint_id uuid not null,
  url text not null,
  secret bytea not null check (length(secret) = 32),
  -- Empty: all.
  kinds text[] not null,
  state text not null default 'active' check (state in ('active', 'suspended')),
  last_sequence bigint not null default 0 check (last_sequence >= 0),
  -- Every message up to this one was acknowledged.
  acknowledged bigint not null default 0 check (acknowledged between 0 and last_sequence),
  attempts integer not null default 0,
  last_error text not null default '',
  failing_since timestamptz,
  next_attempt_at timestamptz not null,
  created_at timestamptz not null,
  -- The instance that sends to it.
  lease_owner uuid,
  lease_until timestamptz,
  primary key (tenant_id, endpoint_id)
) with (fillfactor = 50);

-- Those that something is to be sent to.
create index webhook_endpoint_waiting on webhook_endpoint (next_attempt_at)
  where state = 'active' and acknowledged < last_sequence;

create table webhook_message (
  tenant_id uuid not null,
  endpoint_id uuid not null,
  sequence bigint not null check (sequence > 0),
  message_id uuid not null,
  kind text not null,
  body bytea not null,
  occurred_at timestamptz not null,
  made_at timestamptz not null,
  primary key (tenant_id, endpoint_id, sequence),
  foreign key (tenant_id, endpoint_id) references webhook_endpoint on delete cascade
);

create index webhook_message_age on webhook_message (made_at);
