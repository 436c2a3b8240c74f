-- name: UpsertCampaign
-- $1 tenant, $2 campaign, $3 state, $4 policy version, $5 policy
insert into campaign (tenant_id, campaign_id, state, policy_version, policy)
values ($1, $2, $3, $4, $5)
on conflict (tenant_id, campaign_id) do update
set state = excluded.state, policy_version = excluded.policy_version, policy = excluded.policy;

-- name: CreateCounter
-- Every campaign has its counter from the start; a claim locks it.
insert into campaign_counter (tenant_id, campaign_id, day, day_calls, minute_start, minute_calls)
values ($1, $2, '1970-01-01', 0, '1970-01-01', 0)
on conflict do nothing;

-- name: ActiveCampaigns
-- All tenants: the dialer serves them together.
select tenant_id, campaign_id, policy_version, policy from campaign where state = 'active' order by tenant_id, campaign_id;

-- name: CampaignByID
select state, policy_version, policy from campaign where tenant_id = $1 and campaign_id = $2;

-- name: LockCounter
-- One claim at a time for a campaign; a second instance goes on to the next campaign.
select day, day_calls, minute_start, minute_calls from campaign_counter
where tenant_id = $1 and campaign_id = $2 for update skip locked;

-- name: SaveCounter
update campaign_counter set day = $3, day_calls = $4, minute_start = $5, minute_calls = $6
where tenant_id = $1 and campaign_id = $2;

-- name: LiveLeases
select count(*) as live from lease where tenant_id = $1 and campaign_id = $2 and expires_at > now();

-- name: InsertTasks
-- Leads that joined. A lead that is here already is left alone: the event may come again.
insert into task (tenant_id, campaign_id, lead_id, state, priority, due_at, lead)
select $1, $2, new.lead_id, 'waiting', new.priority, new.due_at, new.lead
from unnest($3::uuid[], $4::int[], $5::timestamptz[], $6::bytea[]) as new (lead_id, priority, due_at, lead)
on conflict do nothing;

-- name: InsertFinishedTasks
-- Leads that can never be called, kept so that their events are not written twice.
insert into task (tenant_id, campaign_id, lead_id, state, priority, due_at, lead)
select $1, $2, new.lead_id, 'done', 0, 'infinity', new.lead
from unnest($3::uuid[], $4::bytea[]) as new (lead_id, lead)
on conflict do nothing
returning lead_id;

-- name: UpdateTaskLead
update task set lead = $4 where tenant_id = $1 and campaign_id = $2 and lead_id = $3;

-- name: RescheduleWaitingTask
-- $4 priority, $5 due_at; only while it waits.
update task set priority = $4, due_at = $5
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'waiting';

-- name: WaitingTasksPage
-- For a change of policy: every waiting task, in pages after lead $3.
select lead_id, priority, due_at, attempts, lead from task
where tenant_id = $1 and campaign_id = $2 and state = 'waiting' and lead_id > $3
order by lead_id limit $4 for update;

-- name: ClaimDue
-- Up to $4 tasks due at $3 (business time), in order of priority, then due time: one index seek for each level in $5.
select due.lead_id, due.priority, due.due_at, due.attempts, due.withdrawn, due.not_after, due.avoid_start, due.avoid_end,
  due.lead
from unnest($5::int[]) with ordinality as level (priority, place)
cross join lateral (
  select t.* from task t
  where t.tenant_id = $1 and t.campaign_id = $2 and t.state = 'waiting' and t.priority = level.priority and t.due_at <= $3
  order by t.due_at, t.lead_id limit $4 for update skip locked
) as due
order by level.place, due.due_at, due.lead_id limit $4;

-- name: NextDue
-- The earliest due time over the levels in $3.
select min(head.due_at) as due_at
from unnest($3::int[]) as level (priority)
cross join lateral (
  select t.due_at from task t
  where t.tenant_id = $1 and t.campaign_id = $2 and t.state = 'waiting' and t.priority = level.priority
  order by t.due_at limit 1
) as head;

-- name: MoveTasks
-- Tasks whose window has shut, moved once to its next opening.
update task set due_at = moved.due_at
from unnest($3::uuid[], $4::timestamptz[]) as moved (lead_id, due_at)
where task.tenant_id = $1 and task.campaign_id = $2 and task.lead_id = moved.lead_id and task.state = 'waiting';

-- name: TakeTasks
update task set state = 'in_flight', attempts = taken.attempt_number
from unnest($3::uuid[], $4::int[]) as taken (lead_id, attempt_number)
where task.tenant_id = $1 and task.campaign_id = $2 and task.lead_id = taken.lead_id and task.state = 'waiting';

-- name: InsertAttempts
-- $3 call ids, $4 lead ids, $5 numbers, $6 permits, $7 granted at, $8 expiries.
insert into attempt (tenant_id, call_id, campaign_id, lead_id, attempt_number, state, permit, granted_at, expires_at)
select $1, new.call_id, $2, new.lead_id, new.attempt_number, 'permitted', new.permit, $7, new.expires_at
from unnest($3::uuid[], $4::uuid[], $5::int[], $6::bytea[], $8::timestamptz[])
  as new (call_id, lead_id, attempt_number, permit, expires_at);

-- name: InsertLeases
insert into lease (tenant_id, campaign_id, call_id, owner, expires_at)
select $1, $2, new.call_id, $4, now() + make_interval(secs => $5)
from unnest($3::uuid[]) as new (call_id);

-- name: RenewLease
update lease set expires_at = now() + make_interval(secs => $4)
where tenant_id = $1 and campaign_id = $2 and call_id = $3;

-- name: FreeLease
delete from lease where tenant_id = $1 and campaign_id = $2 and call_id = $3;

-- name: AttemptByID
select campaign_id, lead_id, attempt_number, state, permit, outcome, ended_at from attempt
where tenant_id = $1 and call_id = $2;

-- name: MarkPlaced
-- Only forwards: a call that ended in the meantime stays ended.
update attempt set state = 'placed', look_at = now() + make_interval(secs => $3), looks = 0
where tenant_id = $1 and call_id = $2 and state in ('permitted', 'dial_unknown', 'placed');

-- name: MarkUnknown
update attempt set state = 'dial_unknown', look_at = now() + make_interval(secs => $3)
where tenant_id = $1 and call_id = $2 and state in ('permitted', 'dial_unknown');

-- name: MarkEnded
update attempt set state = 'ended', ended_at = $3
where tenant_id = $1 and call_id = $2 and state in ('permitted', 'placed', 'dial_unknown');

-- name: SetAttemptOutcome
-- Once: a second event for the same call finds the outcome there and changes nothing.
update attempt set state = 'ended', outcome = $3, permanent = $5, ended_at = coalesce(ended_at, $4)
where tenant_id = $1 and call_id = $2 and outcome is null and state <> 'withdrawn';

-- name: MarkWithdrawn
update attempt set state = 'withdrawn', ended_at = $3
where tenant_id = $1 and call_id = $2 and state in ('permitted', 'dial_unknown');

-- name: ClaimUnsettled
-- Attempts whose look is due, leased to the caller for $2 seconds by moving the look on.
update attempt set look_at = now() + make_interval(secs => $2), looks = looks + 1
where (tenant_id, call_id) in (
  select tenant_id, call_id from attempt
  where state in ('permitted', 'dial_unknown', 'placed') and look_at <= now()
  order by look_at limit $1 for update skip locked)
returning tenant_id, call_id, campaign_id, lead_id, attempt_number, state, permit, looks;

-- name: AttemptHistory
-- Attempts of a lead that left, in order.
select call_id, outcome, permanent, granted_at from attempt
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state <> 'withdrawn'
order by attempt_number;

-- name: LockTask
select state, priority, due_at, lead from task
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 for update;

-- name: ReturnTask
-- $4 priority, $5 due_at, $6 withdrawn attempts to add (0 or 1), $7 not after, $8 and $9 minutes to avoid.
update task set state = 'waiting', priority = $4, due_at = $5, withdrawn = withdrawn + $6, not_after = $7,
  avoid_start = $8, avoid_end = $9
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'in_flight';

-- name: FinishTask
update task set state = 'done', due_at = 'infinity'
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state <> 'done';

-- name: FinishWaitingTasks
-- A campaign that was cancelled: its waiting tasks, $3 at a time.
update task set state = 'done', due_at = 'infinity'
where (tenant_id, campaign_id, lead_id) in (
  select tenant_id, campaign_id, lead_id from task
  where tenant_id = $1 and campaign_id = $2 and state = 'waiting' limit $3 for update)
returning lead_id, attempts - withdrawn as attempts;

-- name: AttemptsPage
-- $3 call id to start after, $4 limit.
select call_id, state, permit, outcome, ended_at from attempt
where tenant_id = $1 and campaign_id = $2 and call_id > $3 order by call_id limit $4;

-- name: AttemptsOfLead
select call_id, state, permit, outcome, ended_at from attempt
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 order by attempt_number;

-- name: QueueStatus
-- $3 business time.
select
  count(*) filter (where state = 'waiting' and attempts = withdrawn) as waiting_first,
  count(*) filter (where state = 'waiting' and attempts > withdrawn) as waiting_retry,
  count(*) filter (where state = 'waiting' and due_at <= $3) as due,
  min(due_at) filter (where state = 'waiting') as next_due_at,
  (select count(*) from lease l where l.tenant_id = $1 and l.campaign_id = $2 and l.expires_at > now()) as in_flight
from task where tenant_id = $1 and campaign_id = $2;

-- name: LeadOfTask
select lead from task where tenant_id = $1 and campaign_id = $2 and lead_id = $3;
