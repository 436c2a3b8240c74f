-- name: LockScheduledCallKeys
-- Requests with one key come one after the other. In one order everywhere.
select pg_advisory_xact_lock(lock) from (
  select distinct hashtextextended($1::uuid::text || key, 0) as lock from unnest($2::text[]) as asked (key) order by lock
) as locks;

-- name: ScheduledCallsByKey
select * from scheduled_call where tenant_id = $1 and idempotency_key = any ($2::text[]) and idempotency_key <> '';

-- name: ScheduledCallByID
select * from scheduled_call where tenant_id = $1 and scheduled_call_id = $2;

-- name: WaitingScheduledCalls
select * from scheduled_call
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and state = 'scheduled';

-- name: ScheduledCallAt
-- The one that was still to come at $4.
select due_at, not_after from scheduled_call
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and created_at <= $4
  and (settled_at is null or settled_at > $4)
order by created_at desc limit 1;

-- name: InsertScheduledCalls
-- Asked for at $3; arrays in step.
insert into scheduled_call (tenant_id, campaign_id, created_at, state, scheduled_call_id, lead_id, wanted_at, due_at,
  due_reason, not_after, reason, actor, idempotency_key, before_rank, before_due_at, before_not_after, before_avoid_start,
  before_avoid_end, before_reason)
select $1, $2, $3, 'scheduled', new.*
from unnest($4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::timestamptz[], $10::text[],
  $11::text[], $12::text[], $13::int[], $14::timestamptz[], $15::timestamptz[], $16::int[], $17::int[], $18::text[]) as new
returning *;

-- name: SettleScheduledCall
update scheduled_call set state = $3, state_reason = $4, settled_at = $5
where tenant_id = $1 and scheduled_call_id = $2 and state = 'scheduled'
returning *;

-- name: PlaceScheduledCalls
-- The wishes of the leads in $3 got the calls in $4.
update scheduled_call c set state = 'placed', call_id = new.call_id, settled_at = $5
from unnest($3::uuid[], $4::uuid[]) as new (lead_id, call_id)
where c.tenant_id = $1 and c.campaign_id = $2 and c.lead_id = new.lead_id and c.state = 'scheduled'
returning c.*;

-- name: ReviveScheduledCall
-- The call never left: the wish is still to come.
update scheduled_call set state = 'scheduled', call_id = null, settled_at = null
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and call_id = $4 and state = 'placed'
returning *;

-- name: MissScheduledCalls
-- Those of the leads in $5.
update scheduled_call set state = 'missed', state_reason = $3, settled_at = $4
where tenant_id = $1 and campaign_id = $2 and state = 'scheduled' and lead_id = any ($5::uuid[])
returning *;

-- name: MissAllScheduledCalls
update scheduled_call set state = 'missed', state_reason = $3, settled_at = $4
where tenant_id = $1 and campaign_id = $2 and state = 'scheduled'
returning *;

-- name: ExpiredScheduledCalls
-- All tenants: those that ran out by $1, $2 at most.
select tenant_id, scheduled_call_id from scheduled_call where state = 'scheduled' and not_after <= $1
order by not_after limit $2;

-- name: ScheduledCallsPage
-- After $3; of lead $4 and in state $5 unless null.
select * from scheduled_call
where tenant_id = $1 and campaign_id = $2 and scheduled_call_id > $3 and ($4::uuid is null or lead_id = $4)
  and ($5::text is null or state = $5)
order by scheduled_call_id limit $6;

-- name: TakeFromQueue
-- Unless they wait for a call that somebody asked for.
delete from queue where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and rank <> 9 returning *;

-- name: TakeFreeFromQueue
-- The same, but of those that nobody else is taking.
with free as (
  select tenant_id, campaign_id, lead_id from queue
  where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and rank <> 9 for update skip locked
)
delete from queue q using free
where q.tenant_id = free.tenant_id and q.campaign_id = free.campaign_id and q.lead_id = free.lead_id
returning q.*;

-- name: TakeRequested
-- Only the place that a wish gave.
delete from queue where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and rank = 9 returning *;

-- name: ReopenTasks
update task set state = 'open'
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and state = 'done';

-- name: LeadEnds
-- Why the leads in $3, which are done, were done last.
select distinct on (lead_id) lead_id, reason from lead_end
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and reopened_at is null
order by lead_id, ended_at desc;

-- name: ReopenLeadEnds
update lead_end set reopened_at = $4
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and reopened_at is null;
