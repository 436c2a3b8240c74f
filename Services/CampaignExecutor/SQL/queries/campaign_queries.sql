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
select kind, outcome, count from progress_outcome
where tenant_id = $1 and campaign_id = $2 and kind = any ($3) and count <> 0 order by kind, outcome;

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

-- name: LeadsComing
-- An upload is open, or leads of another campaign are still being copied.
select exists (select 1 from lead_import where tenant_id = $1 and campaign_id = $2 and state = 'open')
  or exists (select 1 from lead_copy where tenant_id = $1 and campaign_id = $2) as coming;

-- name: InsertImport
insert into lead_import (tenant_id, import_id, campaign_id, file_name, state, opened_at)
values ($1, $2, $3, $4, 'open', $5);

-- name: LockImport
select file_name, state from lead_import where tenant_id = $1 and import_id = $2 and campaign_id = $3 for update;

-- name: RenewImport
-- Something of it came: it is under way for another interval $3.
update lead_import set lease_until = now() + $3 where tenant_id = $1 and import_id = $2;

-- name: AbandonedImports
-- Uploads, of all tenants, that nobody has sent anything of for long; $1 at most.
select tenant_id, campaign_id, import_id from lead_import
where state = 'open' and lease_until < now() order by lease_until limit $1;

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

-- name: PolicyVersions
-- Below version $3, newest first, $4 rows at most.
select policy_version, policy, actor, made_at from campaign_policy
where tenant_id = $1 and campaign_id = $2 and policy_version < $3 order by policy_version desc limit $4;

-- name: PolicyVersion
select policy_version, policy, actor, made_at from campaign_policy
where tenant_id = $1 and campaign_id = $2 and policy_version = $3;
