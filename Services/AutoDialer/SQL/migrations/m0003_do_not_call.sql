-- Who must not be called, and what others said about who may be.
--
-- Why this shape: a dial asks for a handful of numbers, so the key begins with what it knows: tenant, then number. An
-- entry that is taken off its list keeps its row, so that the past can be explained.

create table do_not_call (
  -- All zeros: the entry holds for every tenant.
  tenant_id uuid not null,
  -- E.164.
  number text not null,
  -- All zeros: the entry holds for all campaigns.
  campaign_id uuid not null,
  entry bigint not null generated always as identity,
  source text not null check (source in ('import', 'opt_out', 'api', 'wash')),
  reason text not null,
  actor text not null,
  added_at timestamptz not null,
  removed_at timestamptz check (removed_at >= added_at),
  removed_by text,
  primary key (tenant_id, number, campaign_id, entry),
  check ((removed_at is null) = (removed_by is null))
);

-- A number is on a list once.
create unique index do_not_call_in_force on do_not_call (tenant_id, number, campaign_id) where removed_at is null;

create table do_not_call_import (
  tenant_id uuid not null,
  import_id uuid not null,
  -- The list that it fills: as above, the tenant all zeros for the global one.
  list_tenant_id uuid not null,
  campaign_id uuid not null,
  file_name text not null,
  source text not null,
  reason text not null,
  default_region text,
  actor text not null,
  state text not null check (state in ('open', 'complete', 'broken_off')),
  -- Problems that the batches keep; the rest is counted.
  problems integer not null default 0,
  opened_at timestamptz not null,
  primary key (tenant_id, import_id)
);

-- One batch of an upload and its answer: sending it again gives the same answer and changes nothing.
create table do_not_call_import_batch (
  tenant_id uuid not null,
  import_id uuid not null,
  batch integer not null check (batch > 0),
  rows integer not null,
  added integer not null,
  known integer not null,
  refused integer not null,
  problem_lines bigint[] not null,
  problem_messages text[] not null,
  primary key (tenant_id, import_id, batch),
  foreign key (tenant_id, import_id) references do_not_call_import on delete cascade
);

-- What a register or the campaign's own system said about a number or a lead, and how long that holds. A row without an
-- answer is a question to be asked: it is how claims and workers tell each other, and it outlives both.
create table clearance (
  tenant_id uuid not null,
  -- wash: a public register. eligibility: the campaign's own system.
  kind text not null check (kind in ('wash', 'eligibility')),
  -- wash: the number. eligibility: the lead's id.
  subject text not null,
  verdict text not null check (verdict in ('unanswered', 'clear', 'refused')),
  reason text not null,
  checked_at timestamptz not null,
  -- Until then the verdict holds; unanswered: it is not asked again before.
  expires_at timestamptz not null,
  -- Times in a row that it was asked in vain.
  tries integer not null default 0,
  -- The lead that waits for the answer.
  campaign_id uuid not null,
  lead_id uuid not null,
  number text not null,
  -- Whoever asks has it until then (lease time, not business time).
  asked_until timestamptz not null default '-infinity',
  primary key (tenant_id, kind, subject)
);

create index clearance_question on clearance (kind, expires_at) where verdict = 'unanswered';
