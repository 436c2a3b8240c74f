-- Leads say more of who may be called: consent, further numbers, where they live, until when. And how far a lead has come
-- in its campaign's sequence.
alter table lead
  add column consent text not null default 'unknown'
    check (consent in ('unknown', 'express', 'express_written', 'withdrawn')),
  add column numbers jsonb not null default '[]' check (jsonb_array_length(numbers) <= 4),
  add column country text not null default '',
  add column subdivision text not null default '',
  add column not_after timestamptz,
  add column sequence_step integer not null default 0 check (sequence_step >= 0),
  add column step_due_at timestamptz,
  -- Whether the dialer was told of it: with a sequence, that waits for the first call step.
  add column at_dialer boolean not null default true;

create index lead_step_due on lead (tenant_id, campaign_id, step_due_at) where step_due_at is not null;
create index campaign_active on campaign (tenant_id, campaign_id) where state = 'active';

-- Whose a further number is: one lead's in a campaign. The lead's row has them in order.
create table lead_number (
  tenant_id uuid not null,
  campaign_id uuid not null,
  phone text not null check (phone ~ '^\+[0-9]{4,15}$'),
  lead_id uuid not null,
  primary key (tenant_id, campaign_id, phone),
  foreign key (tenant_id, campaign_id, lead_id) references lead on delete cascade
);

create index lead_number_of_lead on lead_number (tenant_id, campaign_id, lead_id);

-- Under which key of a client a lead was added: adding with it again gives the same answer.
create table lead_client_key (
  tenant_id uuid not null,
  campaign_id uuid not null,
  client_key text not null,
  lead_id uuid not null,
  -- As it was sent.
  phone text not null,
  merged boolean not null,
  primary key (tenant_id, campaign_id, client_key),
  foreign key (tenant_id, campaign_id, lead_id) references lead on delete cascade
);

-- An upload nobody has sent anything of for long has broken off: it must not keep its campaign from completing.
alter table lead_import add column lease_until timestamptz not null default now() + interval '15 minutes';
create index lead_import_lease on lead_import (lease_until) where state = 'open';
