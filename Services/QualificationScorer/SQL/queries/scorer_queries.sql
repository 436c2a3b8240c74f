-- name: UpsertCampaign
-- Events of one campaign come in order; the newest version wins.
insert into campaign (tenant_id, campaign_id, policy_version, policy) values ($1, $2, $3, $4)
on conflict (tenant_id, campaign_id) do update
set policy_version = excluded.policy_version, policy = excluded.policy
where campaign.policy_version <= excluded.policy_version;

-- name: CampaignByID
select policy_version, policy from campaign where tenant_id = $1 and campaign_id = $2;

-- name: InsertScore
-- The first one stays.
insert into score (tenant_id, call_id, campaign_id, lead_id, policy_version, score, qualified, method, details, scored_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict do nothing;

-- name: ScoreByCall
select details from score where tenant_id = $1 and call_id = $2;
