-- name: InsertCampaign
insert into campaign (tenant_id, campaign_id, state, policy_version, policy, created_at, updated_at)
values ($1, $2, 'draft', 1, $3, $4, $4);

-- name: InsertProgress
insert into progress (tenant_id, campaign_id) values ($1, $2);

-- name: InsertPolicyVersion
insert into campaign_policy (tenant_id, campaign_id, policy_version, policy, actor, made_at)
values ($1, $2, $3, $4, $5, $6);

-- name: CampaignByID
select campaign_id, state, state_reason, policy_version, policy, created_at, updated_at, started_at, ended_at
from campaign where tenant_id = $1 and campaign_id = $2;

-- name: LockCampaign
select campaign_id, state, state_reason, policy_version, policy, created_at, updated_at, started_at, ended_at
from campaign where tenant_id = $1 and campaign_id = $2 for update;

-- name: CampaignsPage
-- After campaign $2, only those in state $3 unless it is null, $4 rows at most.
select campaign_id, state, state_reason, policy_version, policy, created_at, updated_at, started_at, ended_at
from campaign where tenant_id = $1 and campaign_id > $2 and ($3::text is null or state = $3)
order by campaign_id limit $4;

-- name: SavePolicy
update campaign set policy = $3, policy_version = $4, updated_at = $5 where tenant_id = $1 and campaign_id = $2;

-- name: SaveState
update campaign set state = $3, state_reason = $4, updated_at = $5,
  started_at = case when $3 = 'active' then coalesce(started_at, $5) else started_at end,
  ended_at = case when $3 in ('completed', 'cancelled') then $5 end
where tenant_id = $1 and campaign_id = $2;

-- name: DeleteCampaign
delete from campaign where tenant_id = $1 and campaign_id = $2;

-- name: InsertAudit
insert into campaign_audit (tenant_id, campaign_id, from_state, to_state, actor, reason, at)
values ($1, $2, $3, $4, $5, $6, $7);

-- name: AuditOfCampaign
select from_state, to_state, actor, reason, at from campaign_audit
where tenant_id = $1 and campaign_id = $2 order by entry;

-- name: ProgressOfCampaign
select c.state, p.leads, p.done, p.called, p.successful, p.in_flight, p.attempts, p.retries_waiting, p.cost_micros,
  p.revision
from campaign c join progress p using (tenant_id, campaign_id) where c.tenant_id = $1 and c.campaign_id = $2;

-- name: ProgressOutcomes
select kind, outcome, count from progress_outcome where tenant_id = $1 and campaign_id = $2;

-- name: MoveProgress
update progress set leads = leads + $3, done = done + $4, called = called + $5, successful = successful + $6,
  in_flight = in_flight + $7, attempts = attempts + $8, retries_waiting = retries_waiting + $9,
  cost_micros = cost_micros + $10, revision = revision + 1
where tenant_id = $1 and campaign_id = $2;

-- name: CountOutcomes
insert into progress_outcome (tenant_id, campaign_id, kind, outcome, count)
select $1, $2, new.kind, new.outcome, new.count
from unnest($3::text[], $4::text[], $5::bigint[]) as new (kind, outcome, count) order by 3, 4
on conflict (tenant_id, campaign_id, kind, outcome) do update set count = progress_outcome.count + excluded.count;

-- name: OpenImports
select count(*) as open from lead_import where tenant_id = $1 and campaign_id = $2 and state = 'open';

-- name: InsertImport
insert into lead_import (tenant_id, import_id, campaign_id, file_name, state, opened_at)
values ($1, $2, $3, $4, 'open', $5);

-- name: LockImport
select file_name, state from lead_import where tenant_id = $1 and import_id = $2 and campaign_id = $3 for update;

-- name: CloseImport
update lead_import set state = $3 where tenant_id = $1 and import_id = $2;

-- name: ImportSums
select coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(added), 0)::bigint as added,
  coalesce(sum(merged), 0)::bigint as merged, coalesce(sum(refused), 0)::bigint as refused
from lead_import_batch where tenant_id = $1 and import_id = $2;

-- name: ImportBatch
select answer from lead_import_batch where tenant_id = $1 and import_id = $2 and batch = $3;

-- name: InsertImportBatch
insert into lead_import_batch (tenant_id, import_id, batch, rows, added, merged, refused, answer)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: UpsertLeads
-- Leads that are new come in; of a number that is there already, what the upload knows better is merged.
insert into lead (tenant_id, campaign_id, lead_id, phone, region, first_name, last_name, company, email, time_zone,
  attributes, created_at)
select $1, $2, new.lead_id, new.phone, new.region, new.first_name, new.last_name, new.company, new.email,
  new.time_zone, new.attributes, $12
from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::jsonb[])
  as new (lead_id, phone, region, first_name, last_name, company, email, time_zone, attributes)
on conflict (tenant_id, campaign_id, phone) do update set
  first_name = coalesce(nullif(excluded.first_name, ''), lead.first_name),
  last_name = coalesce(nullif(excluded.last_name, ''), lead.last_name),
  company = coalesce(nullif(excluded.company, ''), lead.company),
  email = coalesce(nullif(excluded.email, ''), lead.email),
  time_zone = coalesce(nullif(excluded.time_zone, ''), lead.time_zone),
  attributes = lead.attributes || excluded.attributes
returning lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, state,
  outcome, attempts, last_called_at, next_attempt_at, score, done_reason, created_at, (xmax = 0) as added;

-- name: ReplaceLead
update lead set first_name = $4, last_name = $5, company = $6, email = $7, time_zone = $8, attributes = $9
where tenant_id = $1 and campaign_id = $2 and lead_id = $3
returning lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, state,
  outcome, attempts, last_called_at, next_attempt_at, score, done_reason, created_at;

-- name: LeadByID
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, state,
  outcome, attempts, last_called_at, next_attempt_at, score, done_reason, created_at
from lead where tenant_id = $1 and campaign_id = $2 and lead_id = $3;

-- name: LeadsPage
-- After lead $3; state $4 and outcome $5 unless null; $6 rows at most.
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, state,
  outcome, attempts, last_called_at, next_attempt_at, score, done_reason, created_at
from lead where tenant_id = $1 and campaign_id = $2 and lead_id > $3
  and ($4::text is null or state = $4) and ($5::text is null or outcome = $5)
order by lead_id limit $6;

-- name: LeadCalled
-- An attempt started; its number says whether it was the first.
update lead set attempts = attempts + 1, last_called_at = $4, next_attempt_at = null
where tenant_id = $1 and campaign_id = $2 and lead_id = $3
returning attempts;

-- name: LeadNotCalled
-- An attempt was withdrawn: it never left.
update lead set attempts = attempts - 1, next_attempt_at = $4
where tenant_id = $1 and campaign_id = $2 and lead_id = $3
returning attempts;

-- name: LeadWaits
update lead set outcome = $4, next_attempt_at = $5 where tenant_id = $1 and campaign_id = $2 and lead_id = $3;

-- name: LeadDone
update lead set state = 'done', outcome = coalesce($4, outcome), done_reason = $5, next_attempt_at = null
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'open'
returning outcome, attempts;

-- name: LeadReopened
-- Answers the end that the lead had.
with ended as (
  select outcome, done_reason, attempts from lead
  where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'done' for update),
opened as (
  update lead set state = 'open', done_reason = '', next_attempt_at = $4
  where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'done')
select outcome, done_reason, attempts from ended;

-- name: LeadScored
update lead set score = $4 where tenant_id = $1 and campaign_id = $2 and lead_id = $3;
