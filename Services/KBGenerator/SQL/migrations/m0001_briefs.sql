-- The brief of each call, kept so that asking again (a retry after a time-out) gives the same words, and so that it
-- can be read later what an agent had been told.
create table brief (
  tenant_id uuid not null,
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  attempt_number integer not null check (attempt_number > 0),
  policy_version integer not null,
  method text not null,
  brief bytea not null,
  made_at timestamptz not null,
  primary key (tenant_id, call_id)
);
