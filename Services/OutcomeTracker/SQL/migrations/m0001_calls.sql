-- Ended calls with their facts, and what they came to.
--
-- Why two steps: the facts are taken in at once, in the transaction of the consumer's cursor; the outcome may need the
-- score, which is another service's answer, and no transaction waits for one. A call without an outcome is work to do.
create table call (
  tenant_id uuid not null,
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  attempt_number integer not null check (attempt_number > 0),
  ended_at timestamptz not null,
  -- The facts as media-bridge told them.
  facts bytea not null,
  -- Null until decided.
  outcome text,
  record bytea,
  answered boolean not null,
  cost_micros bigint not null default 0 check (cost_micros >= 0),
  talk_milliseconds bigint not null default 0 check (talk_milliseconds >= 0),
  score smallint check (score between 0 and 100),
  -- When the next try to decide is due (lease time), and how many there were.
  decide_at timestamptz not null default now(),
  tries integer not null default 0,
  primary key (tenant_id, call_id),
  check ((outcome is null) = (record is null))
);

create index call_by_campaign on call (tenant_id, campaign_id, ended_at, call_id) where outcome is not null;
create index call_by_lead on call (tenant_id, lead_id, ended_at, call_id) where outcome is not null;
create index call_undecided on call (decide_at) where outcome is null;

create table transcript_turn (
  tenant_id uuid not null,
  call_id uuid not null,
  turn integer not null check (turn >= 0),
  speaker text not null check (speaker in ('agent', 'person')),
  text text not null,
  start_milliseconds bigint not null,
  end_milliseconds bigint not null,
  interrupted boolean not null,
  primary key (tenant_id, call_id, turn),
  foreign key (tenant_id, call_id) references call
);

create table cost_line (
  tenant_id uuid not null,
  call_id uuid not null,
  vendor text not null,
  campaign_id uuid not null,
  cost_micros bigint not null check (cost_micros >= 0),
  basis text not null,
  primary key (tenant_id, call_id, vendor),
  foreign key (tenant_id, call_id) references call
);

create index cost_line_by_campaign on cost_line (tenant_id, campaign_id, vendor);
