-- The criteria of campaigns, as their events tell them, and the score of each call.
create table campaign (
  tenant_id uuid not null,
  campaign_id uuid not null,
  policy_version integer not null,
  policy bytea not null,
  primary key (tenant_id, campaign_id)
);

-- A call is scored once. What was found and how it was judged is in `score`; the columns are for looking things up.
create table score (
  tenant_id uuid not null,
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  policy_version integer not null,
  score smallint not null check (score between 0 and 100),
  qualified boolean not null,
  method text not null,
  details bytea not null,
  scored_at timestamptz not null,
  primary key (tenant_id, call_id)
);

create index score_by_campaign on score (tenant_id, campaign_id, call_id);
