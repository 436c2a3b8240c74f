-- name: InsertPlannedAction
-- The event may come again; the first row stays.
insert into planned_action (tenant_id, call_id, campaign_id, lead_id, outcome, email_campaign, action, reason, planned_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict do nothing;

-- name: ActionsOfCampaign
-- A page after ($3, $4), at most $5 rows.
select call_id, campaign_id, lead_id, outcome, email_campaign, action, reason, planned_at from planned_action
where tenant_id = $1 and campaign_id = $2 and (planned_at, call_id) > ($3, $4)
order by planned_at, call_id limit $5;

-- name: ActionsOfLead
select call_id, campaign_id, lead_id, outcome, email_campaign, action, reason, planned_at from planned_action
where tenant_id = $1 and lead_id = $2 and (planned_at, call_id) > ($3, $4)
order by planned_at, call_id limit $5;
