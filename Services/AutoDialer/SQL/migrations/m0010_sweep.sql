-- Campaigns that changed and whose waiting leads have to be gone through: in pages, a transaction each. In the transaction of
-- the change, ten million leads would hold up everybody else for minutes, and their events would have to fit into memory.
create table sweep (
  tenant_id uuid not null,
  campaign_id uuid not null,
  -- When it changed (business time).
  changed_at timestamptz not null,
  -- Leads up to this one are done.
  after_lead uuid not null,
  -- Done so far: who has done least goes on first.
  pages integer not null,
  primary key (tenant_id, campaign_id)
);
