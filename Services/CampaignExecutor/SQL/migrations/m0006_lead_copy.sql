-- Campaigns whose leads are still being copied from another one, a page in each transaction: a million leads and their
-- events are too much for one.
create table lead_copy (
  tenant_id uuid not null,
  -- The copy.
  campaign_id uuid not null,
  source_id uuid not null,
  open_leads boolean not null,
  -- Of done leads, those with these outcomes.
  outcomes text[] not null,
  -- Leads up to this one were looked at.
  after uuid not null,
  primary key (tenant_id, campaign_id),
  foreign key (tenant_id, campaign_id) references campaign on delete cascade
);
