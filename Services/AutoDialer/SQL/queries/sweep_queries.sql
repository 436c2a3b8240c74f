-- name: BeginSweep
-- The campaign changed at $3: its waiting leads are gone through, from the first one on.
insert into sweep (tenant_id, campaign_id, changed_at, after_lead, pages)
values ($1, $2, $3, '00000000-0000-0000-0000-000000000000', 0)
on conflict (tenant_id, campaign_id) do update
set changed_at = excluded.changed_at, after_lead = excluded.after_lead, pages = excluded.pages;

-- name: NextSweep
-- All tenants: whose turn it is.
select tenant_id, campaign_id from sweep order by pages, tenant_id, campaign_id limit 1;

-- name: LockSweep
-- One page at a time for a campaign; a second instance does something else.
select changed_at, after_lead from sweep where tenant_id = $1 and campaign_id = $2 for update skip locked;

-- name: SweepOf
-- The same to look at, not to go on with.
select changed_at, after_lead from sweep where tenant_id = $1 and campaign_id = $2;

-- name: MoveSweep
update sweep set after_lead = $3, pages = pages + 1 where tenant_id = $1 and campaign_id = $2;

-- name: EndSweep
delete from sweep where tenant_id = $1 and campaign_id = $2;

-- name: WaitingPage
-- What waits, in pages of $4 after lead $3, to be moved. What a claim takes just now is left out: the claim knows the new
-- rules, and whoever waited for the other here could wait for ever.
select q.*, t.lead, t.numbers, t.joined_at
from queue q join task t using (tenant_id, campaign_id, lead_id)
where q.tenant_id = $1 and q.campaign_id = $2 and q.lead_id > $3
order by q.lead_id limit $4 for update of q skip locked;

-- name: FinishWaiting
-- A campaign that was cancelled: what waits, $4 at a time after lead $3.
with waiting as (
  select lead_id from queue where tenant_id = $1 and campaign_id = $2 and lead_id > $3
  order by lead_id limit $4 for update),
gone as (
  delete from queue using waiting
  where queue.tenant_id = $1 and queue.campaign_id = $2 and queue.lead_id = waiting.lead_id
  returning queue.lead_id, queue.attempts - queue.withdrawn as attempts),
ended as (
  update task set state = 'done' from gone
  where task.tenant_id = $1 and task.campaign_id = $2 and task.lead_id = gone.lead_id)
select lead_id, attempts from gone;
