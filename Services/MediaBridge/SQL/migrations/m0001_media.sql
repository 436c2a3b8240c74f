-- Calls at the provider: how they stand, what was said, what the provider reported.
--
-- Why this shape: a call's row is committed before the provider hears of it, and everything that is learned about it
-- goes through that row's lock, so that late, doubled and reordered reports are harmless whoever receives them. What is
-- still to be done for a call (ask for it, look it up, hang it up) stands in its row too: an instance that dies leaves
-- nothing behind that another cannot finish.

create table call (
  tenant_id uuid not null,
  -- The dialer's attempt: one call for ever.
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  attempt_number integer not null check (attempt_number > 0),
  to_number text not null,
  from_number text not null,
  provider text not null,
  -- The permit, with what it was given on.
  granted_at timestamptz not null,
  expires_at timestamptz not null,
  policy_version integer not null,
  evidence text[] not null,
  max_duration interval not null check (max_duration > interval '0'),
  leave_voicemail boolean not null,

  state text not null check (state in ('pending', 'initiated', 'ringing', 'in_progress', 'completed', 'voicemail',
    'no_answer', 'busy', 'failed', 'cancelled')),
  -- How far the provider has been asked. 'unsure' never goes back to 'waiting': that could ring a phone twice.
  placement text not null check (placement in ('waiting', 'asking', 'unsure', 'placed', 'ended')),
  session text not null check (session in ('none', 'open', 'closed')),
  -- What the provider must still be told.
  intent text check (intent in ('hang_up', 'leave_voicemail')),
  end_reason text,
  provider_call_id text,
  requested_at timestamptz not null,
  answered_at timestamptz,
  ended_at timestamptz,
  talk_duration interval not null default '0' check (talk_duration >= interval '0'),
  answered_by text,
  failure text,
  -- Provably never asked of the provider: there is no CallEnded, the dialer takes the attempt back.
  withdrawn boolean not null default false,
  -- When the end of the call was told; nothing changes after it.
  finished_at timestamptz,

  engine_input_tokens bigint not null default 0,
  engine_output_tokens bigint not null default 0,
  turn_latency_milliseconds integer[] not null default '{}',

  -- The instance that placed it, then the one that holds its conversation.
  owner uuid,
  -- When the provider was asked, in business time and in the database's.
  asked_at timestamptz,
  asked_real timestamptz,
  -- From when on (database's time) whoever is free may do what is still to be done.
  look_at timestamptz not null default now(),
  tries integer not null default 0,
  -- By when (business time) something must have been heard.
  deadline_at timestamptz not null,

  primary key (tenant_id, call_id),
  unique (tenant_id, campaign_id, lead_id, attempt_number),
  check ((ended_at is null) = (state in ('pending', 'initiated', 'ringing', 'in_progress'))),
  check (finished_at is null or ended_at is not null),
  check (placement <> 'placed' or provider_call_id is not null)
) with (fillfactor = 70);

-- Callbacks name the call alone.
create unique index call_by_id on call (call_id);
create unique index call_by_provider_id on call (tenant_id, provider, provider_call_id) where provider_call_id is not null;
create index call_work on call (look_at)
  where finished_at is null and (intent is not null or placement in ('waiting', 'asking', 'unsure'));
create index call_deadline on call (deadline_at) where finished_at is null;
create index call_session on call (owner) where finished_at is null and session = 'open';

-- What the agent is told. Apart from the call's row, which changes often.
create table call_script (
  tenant_id uuid not null,
  call_id uuid not null,
  instructions text not null,
  greeting text not null,
  voicemail text not null,
  voice text not null,
  primary key (tenant_id, call_id),
  foreign key (tenant_id, call_id) references call
);

-- What happened, in order. Never changed.
create table call_fact (
  tenant_id uuid not null,
  call_id uuid not null,
  ordinal integer not null,
  kind text not null check (kind in ('provider_ended', 'answered_by', 'hung_up_by_us', 'failure', 'voicemail_left')),
  value text not null,
  sip_code integer,
  at timestamptz not null,
  primary key (tenant_id, call_id, ordinal),
  foreign key (tenant_id, call_id) references call
);

-- Who said what, written as it is said.
create table transcript_turn (
  tenant_id uuid not null,
  call_id uuid not null,
  -- The voice engine's id of it.
  item text not null,
  ordinal integer not null,
  speaker text not null check (speaker in ('agent', 'person')),
  text text not null,
  start_milliseconds bigint not null,
  end_milliseconds bigint not null check (end_milliseconds >= start_milliseconds),
  interrupted boolean not null,
  primary key (tenant_id, call_id, item),
  foreign key (tenant_id, call_id) references call
);

-- Callbacks as they came. A second delivery finds the first here and changes nothing.
create table webhook (
  tenant_id uuid not null,
  call_id uuid not null,
  kind text not null check (kind in ('voice', 'status', 'amd')),
  sequence integer not null,
  body text not null,
  received_at timestamptz not null,
  primary key (tenant_id, call_id, kind, sequence),
  foreign key (tenant_id, call_id) references call
);

-- Instances that are alive, by their own word. A conversation whose owner is not is over.
create table bridge_instance (
  tenant_id uuid not null,
  instance_id uuid not null,
  -- Where streams of its calls should connect.
  stream_url text not null,
  alive_until timestamptz not null,
  primary key (tenant_id, instance_id)
);
