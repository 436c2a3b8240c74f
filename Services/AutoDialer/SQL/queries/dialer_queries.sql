-- name: UpsertCampaign
-- $1 tenant, $2 campaign, $3 state, $4 policy version, $5 policy
insert into campaign (tenant_id, campaign_id, state, policy_version, policy)
values ($1, $2, $3, $4, $5)
on conflict (tenant_id, campaign_id) do update
set state = excluded.state, policy_version = excluded.policy_version, policy = excluded.policy;

-- name: PrepareCounter
-- Every campaign has its counter from the start; a claim locks it. What kept the campaign from calling before it changed is
-- told again if it still does: whoever resumes a campaign whose budget is still spent has to hear of it.
insert into campaign_counter (tenant_id, campaign_id, day, day_calls, minute_start, minute_calls)
values ($1, $2, '1970-01-01', 0, '1970-01-01', 0)
on conflict (tenant_id, campaign_id) do update set blocked = null where campaign_counter.blocked is not null;

-- name: ActiveCampaigns
-- All tenants: the dialer serves them together.
select tenant_id, campaign_id, policy_version from campaign where state = 'active';

-- name: DueCampaigns
-- Which of the campaigns in $1, $2 have something due at $3, over the ranks in $4.
select asked.tenant_id, asked.campaign_id
from unnest($1::uuid[], $2::uuid[]) as asked (tenant_id, campaign_id)
where exists (
  select 1 from unnest($4::int[]) as level (rank)
  cross join lateral (
    select 1 from queue q
    where q.tenant_id = asked.tenant_id and q.campaign_id = asked.campaign_id and q.rank = level.rank and q.due_at <= $3
    limit 1) as due);

-- name: CampaignByID
select state, policy_version, policy from campaign where tenant_id = $1 and campaign_id = $2;

-- name: HoldCampaign
-- The same, and nobody changes it until the transaction is over: who puts a lead into the queue while the campaign is
-- stopped beside it would leave it there for ever.
select state, policy_version, policy from campaign where tenant_id = $1 and campaign_id = $2 for share;

-- name: LockCounter
-- One claim at a time for a campaign; a second instance goes on to the next campaign, and so does everybody while this one
-- is being changed. Only while the campaign is active with the policy of version $3, and held as above.
select c.day, c.day_calls, c.minute_start, c.minute_calls, c.spent_micros, c.reserved_micros, c.live, c.blocked
from campaign_counter c join campaign k using (tenant_id, campaign_id)
where c.tenant_id = $1 and c.campaign_id = $2 and k.state = 'active' and k.policy_version = $3
for update of c skip locked for share of k skip locked;

-- name: CounterOf
-- The same to look at, not to count on.
select day, day_calls, minute_start, minute_calls, spent_micros, reserved_micros, live, blocked from campaign_counter
where tenant_id = $1 and campaign_id = $2;

-- name: KnownTasks
-- Which of the leads in $3 are here already.
select lead_id from task where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]);

-- name: InsertTasks
-- Leads that joined and are not here yet.
with added as (
  insert into task (tenant_id, campaign_id, lead_id, state, lead, numbers, joined_at)
  select $1, $2, new.lead_id, 'open', new.lead, new.numbers, $7
  from unnest($3::uuid[], $5::bytea[], $6::text[]) as new (lead_id, lead, numbers))
insert into queue (tenant_id, campaign_id, lead_id, rank, due_at, attempts, withdrawn)
select $1, $2, new.lead_id, $8, new.due_at, 0, 0
from unnest($3::uuid[], $4::timestamptz[]) as new (lead_id, due_at);

-- name: InsertFinishedTasks
-- Leads that can never be called, kept so that their events are not written twice.
insert into task (tenant_id, campaign_id, lead_id, state, lead, numbers, joined_at)
select $1, $2, new.lead_id, 'done', new.lead, new.numbers, $6
from unnest($3::uuid[], $4::bytea[], $5::text[]) as new (lead_id, lead, numbers)
on conflict do nothing
returning lead_id;

-- name: LockTasks
-- In one order everywhere. With the queue's row where one waits.
select t.lead_id, t.state, t.lead, t.numbers, t.joined_at, q.rank, q.due_at
from task t left join queue q using (tenant_id, campaign_id, lead_id)
where t.tenant_id = $1 and t.campaign_id = $2 and t.lead_id = any ($3::uuid[])
order by t.lead_id for update of t;

-- name: UpdateTaskLead
update task set lead = $4, numbers = $5 where tenant_id = $1 and campaign_id = $2 and lead_id = $3;

-- name: Reschedule
-- Only what waits; $3 lead ids, $4 due times.
update queue set due_at = moved.due_at
from unnest($3::uuid[], $4::timestamptz[]) as moved (lead_id, due_at)
where queue.tenant_id = $1 and queue.campaign_id = $2 and queue.lead_id = moved.lead_id;

-- name: ClaimDue
-- Takes up to $4 due at $3 (business time) out of the queue, in order of rank, then due time: one index seek for each
-- rank in $5, past the place in $6 and $7 where the last claim ended. Claims of a campaign come one at a time (see
-- LockCounter), so nothing is locked that is not taken.
with due as materialized (
  select q.place, q.rank, q.due_at
  from unnest($5::int[], $6::timestamptz[], $7::uuid[]) with ordinality as level (rank, after_due, after_lead, turn)
  cross join lateral (
    select q.ctid as place, q.rank, q.due_at, q.lead_id from queue q
    where q.tenant_id = $1 and q.campaign_id = $2 and q.rank = level.rank
      and (q.due_at, q.lead_id) > (level.after_due, level.after_lead) and q.due_at <= $3
    order by q.due_at, q.lead_id limit $4) as q
  order by level.turn, q.due_at, q.lead_id limit $4),
taken as (
  -- One that is moved just now is not due any more: its place is another, or shows it at another time.
  delete from queue q using due where q.ctid = due.place and q.rank = due.rank and q.due_at = due.due_at returning q.*)
select taken.lead_id, taken.rank, taken.due_at, taken.attempts, taken.withdrawn, taken.next_number, taken.spent_numbers,
  taken.not_after, taken.avoid_start, taken.avoid_end, task.lead, task.numbers, task.joined_at
from taken join task on task.tenant_id = $1 and task.campaign_id = $2 and task.lead_id = taken.lead_id
order by taken.rank, taken.due_at, taken.lead_id;

-- name: PutBack
-- Into the queue: what a claim took and could not call, what is tried again, what never left. Arrays in step.
insert into queue (tenant_id, campaign_id, lead_id, rank, due_at, attempts, withdrawn, next_number, spent_numbers, not_after,
  avoid_start, avoid_end)
select $1, $2, back.*
from unnest($3::uuid[], $4::int[], $5::timestamptz[], $6::int[], $7::int[], $8::int[], $9::int[], $10::timestamptz[],
  $11::int[], $12::int[]) as back;

-- name: PermitAttempts
-- $3 call ids, $4 lead ids, $5 attempt numbers, $6 which of the permits in $13 and $14 what is their own of it, $8 phones,
-- $9 ranks, in step; of all of them $7 when they are granted, $10 what each is reserved at, $11 the provider, $12 seconds
-- that each may hold its slot.
with shared as materialized (
  select nextval('permit_id_seq') as id, permit, place from unnest($13::bytea[]) with ordinality as given (permit, place)
), kept as (
  insert into permit (id, permit) select id, permit from shared
)
insert into under_way (tenant_id, call_id, campaign_id, lead_id, attempt_number, state, permit_id, own_permit, granted_at,
  phone, rank, reserved_micros, provider, slot_until)
select $1, call_id, $2, lead_id, attempt_number, 'permitted', (array(select id from shared order by place))[permit],
  own_permit, $7, phone, rank, $10, $11, now() + make_interval(secs => $12)
from unnest($3::uuid[], $4::uuid[], $5::int[], $6::int[], $14::bytea[], $8::text[], $9::int[])
  as new (call_id, lead_id, attempt_number, permit, own_permit, phone, rank);

-- name: RenewSlot
-- A call lives: it holds its slot for $3 seconds more. One that had to give it back takes it again, whatever the limits
-- say, since it is there.
with live as (
  select tenant_id, call_id, campaign_id, provider, slot_until is null as is_new from under_way
  where tenant_id = $1 and call_id = $2 and state <> 'ended' for update
), kept as (
  update under_way u set slot_until = now() + make_interval(secs => $3) from live
  where u.tenant_id = live.tenant_id and u.call_id = live.call_id
)
insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
select tenant_id, campaign_id, provider, -1, 0, 0 from live where is_new;

-- name: FreeLapsedSlots
-- All tenants: nothing was heard of these calls for longer than a slot may be held. What somebody else is changing is
-- left to the next round: a process that stands still in a transaction must not hold up the others' slots.
with lapsed as (
  update under_way set slot_until = null
  where call_id in (select call_id from under_way where slot_until <= now() for update skip locked)
  returning tenant_id, campaign_id, provider
)
insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
select tenant_id, campaign_id, provider, count(*), 0, 0 from lapsed group by tenant_id, campaign_id, provider;

-- name: AttemptByID
select call_id, campaign_id, lead_id, attempt_number, phone, state, permit, outcome, ended_at from attempt
where tenant_id = $1 and call_id = $2;

-- name: MarkPlaced
-- Only forwards: a call that ended in the meantime stays ended. $2 call ids, $3 seconds until it is looked at, in step.
-- Here and below nothing is joined, though a join reads better: the planner takes this table for empty when most of its
-- rows are dead, and then held each row against each call, which took longer than all the rest of a settlement.
update under_way
set state = 'placed', looks = 0,
  look_at = now() + make_interval(secs => ($3::float8[])[array_position($2::uuid[], call_id)])
where call_id = any ($2::uuid[]) and tenant_id = $1 and state in ('permitted', 'dial_unknown', 'placed');

-- name: MarkUnknown
update under_way set state = 'dial_unknown', look_at = now() + make_interval(secs => $3)
where tenant_id = $1 and call_id = $2 and state in ('permitted', 'dial_unknown');

-- name: EndAttempts
-- $2 call ids, $3 when they ended, $4 when they were placed, in step: they give back their slots and wait for their
-- outcomes. Answers those that held a slot.
with ended as (
  update under_way
  set state = 'ended', slot_until = null, (ended_at, placed_at) = (
    select ($3::timestamptz[])[place], ($4::timestamptz[])[place] from array_position($2::uuid[], call_id) as place)
  where call_id = any ($2::uuid[]) and tenant_id = $1 and slot_until is not null
  returning call_id, campaign_id, provider
), given_back as (
  insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
  select $1, campaign_id, provider, count(*), 0, 0 from ended group by campaign_id, provider
)
select call_id from ended;

-- name: EndLateAttempts
-- The same for calls without a slot: theirs lapsed, or the outcome came first, and then only when they were placed is
-- news.
with lapsed as (
  update under_way
  set state = 'ended', (ended_at, placed_at) = (
    select ($3::timestamptz[])[place], ($4::timestamptz[])[place] from array_position($2::uuid[], call_id) as place)
  where call_id = any ($2::uuid[]) and tenant_id = $1 and state <> 'ended'
)
update settled set placed_at = ($4::timestamptz[])[array_position($2::uuid[], call_id)]
where call_id = any ($2::uuid[]) and tenant_id = $1 and placed_at is null and state = 'ended';

-- name: SettleAttempts
-- $2 call ids, $3 outcomes, $4 when they ended, $5 whether trying again is in vain, $6 what they cost, in step. Once: a
-- second event for the same call finds nothing under way. Answers the calls that are over now.
with gone as (
  delete from under_way where call_id = any ($2::uuid[]) and tenant_id = $1
  returning *, array_position($2::uuid[], call_id) as place
), kept as (
  insert into settled (tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit_id, own_permit, phone,
    provider, granted_at, placed_at, ended_at, outcome, permanent)
  select tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, 'ended', permit_id, own_permit, phone, provider,
    granted_at, placed_at, coalesce(ended_at, ($4::timestamptz[])[place]), ($3::text[])[place], ($5::bool[])[place] from gone
), given_back as (
  insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
  select $1, campaign_id, provider, count(slot_until), sum(($6::bigint[])[place]), sum(reserved_micros) from gone
  group by campaign_id, provider
)
select call_id, lead_id, attempt_number, granted_at, phone from gone;

-- name: WithdrawAttempt
-- It never left: nothing is spent.
with gone as (
  delete from under_way where tenant_id = $1 and call_id = $2 and state in ('permitted', 'dial_unknown') returning *
), kept as (
  insert into settled (tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state, permit_id, own_permit, phone,
    provider, granted_at, ended_at)
  select tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, 'withdrawn', permit_id, own_permit, phone,
    provider, granted_at, $3 from gone
), given_back as (
  insert into settlement (tenant_id, campaign_id, provider, slots, spent_micros, released_micros)
  select tenant_id, campaign_id, provider, (slot_until is not null)::int, 0, reserved_micros from gone
)
select call_id, campaign_id, lead_id, attempt_number, phone, rank,
  (select permit from permit where id = permit_id) || own_permit as permit
from gone;

-- name: ClaimUnsettled
-- Attempts whose look is due, leased to the caller for $2 seconds by moving the look on.
update under_way set look_at = now() + make_interval(secs => $2), looks = looks + 1
where call_id in (
  select call_id from under_way
  where state in ('permitted', 'dial_unknown', 'placed') and look_at <= now()
  order by look_at limit $1 for update skip locked)
returning tenant_id, call_id, campaign_id, lead_id, attempt_number, phone, state, looks,
  (select permit from permit where id = permit_id) || own_permit as permit;

-- name: AttemptHistory
-- All attempts of the leads in $3 that are over, in order.
select lead_id, call_id, attempt_number, state, outcome, permanent, granted_at, phone from settled
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) order by lead_id, attempt_number;

-- name: FinishTasks
update task set state = 'done' where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) and state <> 'done';

-- name: AttemptsPage
-- After attempt $4 of lead $3, $5 at most.
select call_id, campaign_id, lead_id, attempt_number, phone, state, permit, outcome, ended_at from attempt
where tenant_id = $1 and campaign_id = $2 and (lead_id, attempt_number) > ($3, $4)
order by lead_id, attempt_number limit $5;

-- name: AttemptsOfLead
select call_id, campaign_id, lead_id, attempt_number, phone, state, permit, outcome, ended_at from attempt
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 order by attempt_number;

-- name: QueueStatus
-- $3 business time.
select
  count(*) filter (where attempts = withdrawn) as waiting_first,
  count(*) filter (where attempts > withdrawn) as waiting_retry,
  count(*) filter (where due_at <= $3) as due,
  min(due_at) as next_due_at,
  coalesce((select live from campaign_counter c where c.tenant_id = $1 and c.campaign_id = $2), 0)
    - (select coalesce(sum(slots), 0) from settlement s where s.tenant_id = $1 and s.campaign_id = $2) as in_flight
from queue where tenant_id = $1 and campaign_id = $2;

-- name: LeadOfTask
select lead, joined_at from task where tenant_id = $1 and campaign_id = $2 and lead_id = $3;
