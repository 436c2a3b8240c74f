-- What would be done next for a lead, one row for each call that has an outcome.
create table planned_action (
  tenant_id uuid not null,
  call_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  outcome text not null,
  email_campaign text not null,
  action text not null,
  reason text not null,
  planned_at timestamptz not null,
  primary key (tenant_id, call_id)
);

create index planned_action_by_campaign on planned_action (tenant_id, campaign_id, planned_at, call_id);
create index planned_action_by_lead on planned_action (tenant_id, lead_id, planned_at, call_id);
