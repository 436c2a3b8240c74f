-- name: InsertBrief
-- The first one stays.
insert into brief (tenant_id, call_id, campaign_id, lead_id, attempt_number, policy_version, method, brief, made_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict do nothing;

-- name: BriefByCall
select brief from brief where tenant_id = $1 and call_id = $2;
