-- name: AddCampaignHistory
insert into campaign_history (tenant_id, campaign_id, from_at, state, policy_version, policy)
values ($1, $2, $3, $4, $5, $6);

-- name: CampaignUntil
-- What it was up to $3, oldest first.
select from_at, state, policy_version, policy from campaign_history
where tenant_id = $1 and campaign_id = $2 and from_at <= $3 order by from_at, entry;

-- name: AddLeadHistory
insert into lead_history (tenant_id, campaign_id, lead_id, until_at, lead) values ($1, $2, $3, $4, $5);

-- name: LeadAt
-- What a lead was at $4, when it has changed since.
select lead from lead_history
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and until_at > $4 order by until_at, entry limit 1;

-- name: AddLeadEnds
insert into lead_end (tenant_id, campaign_id, lead_id, ended_at, reason)
select $1, $2, new.lead_id, $5, new.reason from unnest($3::uuid[], $4::text[]) as new (lead_id, reason)
on conflict (tenant_id, campaign_id, lead_id, ended_at) do update set reason = excluded.reason, reopened_at = null;

-- name: LeadEndAt
-- The end of a lead that held at $4.
select ended_at, reason from lead_end
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and ended_at <= $4
  and (reopened_at is null or reopened_at > $4)
order by ended_at desc limit 1;

-- name: WaitingLead
-- A lead with its place in the queue, as they are.
select t.state, t.lead, t.numbers, t.joined_at, q.*
from task t left join queue q using (tenant_id, campaign_id, lead_id)
where t.tenant_id = $1 and t.campaign_id = $2 and t.lead_id = $3;

-- name: LeadAttemptsUntil
select call_id, campaign_id, lead_id, attempt_number, rank, state, permit, outcome, permanent, granted_at, ended_at, phone
from attempt
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and granted_at <= $4 order by attempt_number;

-- name: CampaignCounts
-- $3 business time.
select
  (select count(*) from task t where t.tenant_id = $1 and t.campaign_id = $2) as leads,
  count(*) as waiting, count(*) filter (where due_at <= $3) as due, min(due_at) as next_due_at
from queue where tenant_id = $1 and campaign_id = $2;

-- name: WaitingGroups
-- Those that come due after $3, by hour: the first $4 groups.
select case when rank = 9 then 'requested' when attempts > withdrawn then 'retry' else 'window' end as kind,
  min(due_at) as opens_at, count(*) as leads
from queue where tenant_id = $1 and campaign_id = $2 and due_at > $3
group by 1, date_trunc('hour', due_at) order by 2, 1 limit $4;

-- name: EndsByReason
select reason, count(*) as leads from lead_end
where tenant_id = $1 and campaign_id = $2 and reopened_at is null group by reason order by 2 desc, 1;

-- name: FirstDue
-- The first $4 in the order of a claim that are due at $3, over the ranks in $5.
select q.*, t.lead, t.numbers, t.joined_at
from unnest($5::int[]) with ordinality as level (rank, place)
cross join lateral (
  select q.* from queue q
  where q.tenant_id = $1 and q.campaign_id = $2 and q.rank = level.rank and q.due_at <= $3
  order by q.due_at, q.lead_id limit $4) as q
join task t on t.tenant_id = q.tenant_id and t.campaign_id = q.campaign_id and t.lead_id = q.lead_id
order by level.place, q.due_at, q.lead_id limit $4;

-- name: QueueSample
-- What waits, in pages after lead $3; one lead in $4, the same ones each time.
select q.*, t.lead, t.numbers, t.joined_at
from queue q join task t using (tenant_id, campaign_id, lead_id)
where q.tenant_id = $1 and q.campaign_id = $2 and q.lead_id > $3
  and (uuid_hash(q.lead_id) & 2147483647) % $4::int = 0
order by q.lead_id limit $5;

-- name: CampaignVersionsPage
-- Up to $5, after entry $4 of the instant $3; what held until $6.
select from_at, entry, state, policy_version, policy from campaign_history
where tenant_id = $1 and campaign_id = $2 and (from_at, entry) > ($3, $4) and from_at <= $6
order by from_at, entry limit $5;

-- name: ProofAttempts
-- Permitted until $5, in order of lead and number, after attempt $4 of lead $3; $6 at most.
select a.campaign_id, a.lead_id, a.attempt_number, a.call_id, a.state, a.permit, a.outcome, a.granted_at, a.placed_at,
  a.ended_at, a.phone
from attempt a
where a.tenant_id = $1 and a.campaign_id = $2 and (a.lead_id, a.attempt_number) > ($3, $4) and a.granted_at <= $5
order by a.lead_id, a.attempt_number limit $6;

-- name: LeadVersions
-- All that the leads in $3 were, the oldest first; until_at is null for what they are.
select h.lead_id, h.until_at, h.entry, h.lead, t.joined_at
from lead_history h join task t using (tenant_id, campaign_id, lead_id)
where h.tenant_id = $1 and h.campaign_id = $2 and h.lead_id = any ($3::uuid[])
union all
select lead_id, null, 0, lead, joined_at from task
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[])
order by 1, 2 nulls last, 3;

-- name: ProofDoNotCall
-- All that was on a list of the tenants in $1 and the campaigns in $3 about the numbers in $2, at any time until $4.
select tenant_id, number, campaign_id, source, reason, actor, added_at, removed_at from do_not_call
where tenant_id = any ($1::uuid[]) and number = any ($2::text[]) and campaign_id = any ($3::uuid[]) and added_at <= $4
order by number, tenant_id, campaign_id, entry;
