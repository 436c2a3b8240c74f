-- name: LockScheduledCallKey
-- Requests with one key come one after the other.
select pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2, 0));

-- name: ScheduledCallByKey
select * from scheduled_call where tenant_id = $1 and idempotency_key = $2;

-- name: ScheduledCallByID
select * from scheduled_call where tenant_id = $1 and scheduled_call_id = $2;

-- name: LockScheduledCall
select * from scheduled_call where tenant_id = $1 and scheduled_call_id = $2 for update;

-- name: WaitingScheduledCall
select * from scheduled_call where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'scheduled';

-- name: ScheduledCallAt
-- The one that was still to come at $4.
select due_at, not_after from scheduled_call
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and created_at <= $4
  and (settled_at is null or settled_at > $4)
order by created_at desc limit 1;

-- name: InsertScheduledCall
insert into scheduled_call (tenant_id, scheduled_call_id, campaign_id, lead_id, wanted_at, due_at, due_reason, not_after,
  state, reason, actor, idempotency_key, created_at, before_rank, before_due_at, before_not_after, before_avoid_start,
  before_avoid_end, before_reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'scheduled', $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
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
-- All of a campaign, or of the leads in $3 when it is not null.
update scheduled_call set state = 'missed', state_reason = $4, settled_at = $5
where tenant_id = $1 and campaign_id = $2 and state = 'scheduled' and ($3::uuid[] is null or lead_id = any ($3::uuid[]))
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
-- Unless it waits for a call that somebody asked for.
delete from queue where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and rank <> 9 returning *;

-- name: TakeRequested
-- Only the place that a wish gave.
delete from queue where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and rank = 9 returning *;

-- name: ReopenTask
update task set state = 'open' where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'done';

-- name: ReopenLeadEnd
update lead_end set reopened_at = $4
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and reopened_at is null
returning reason;
