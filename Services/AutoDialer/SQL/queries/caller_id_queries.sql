-- name: EnsureCallerIDs
-- Numbers $2 that a campaign brings itself: in use, without a cap.
insert into caller_id (tenant_id, number, state, provider, time_zone, judged_since, added_at)
select $1, new.number, 'active', $3, $4, $5, $5 from unnest($2::text[]) as new (number)
on conflict do nothing;

-- name: CallerIDs
select * from caller_id where tenant_id = $1 and number = any($2);

-- name: CallerIDsOfTier
-- The pool's numbers of tier $2 with provider $3.
select * from caller_id where tenant_id = $1 and tier = $2 and provider = $3 and state <> 'retired';

-- name: LockCallerIDs
-- Numbers $2, in one order for all who lock them.
select * from caller_id where tenant_id = $1 and number = any($2) order by number for update;

-- name: LockCallerIDsOfTier
select * from caller_id where tenant_id = $1 and tier = $2 and provider = $3 and state <> 'retired'
order by number for update;

-- name: CallerIDByNumber
select * from caller_id where tenant_id = $1 and number = $2;

-- name: LockCallerID
select * from caller_id where tenant_id = $1 and number = $2 for update;

-- name: CallerIDsPage
-- After number $2, at most $3; state $4 and tier $5, null for all.
select * from caller_id where tenant_id = $1 and number > $2 and ($4::text is null or state = $4)
  and ($5::int is null or tier = $5)
order by number limit $3;

-- name: CallerIDsOfRequest
select * from caller_id where tenant_id = $1 and request_key = $2 order by added_at, number;

-- name: CountCallerIDsOfTier
select count(*) as numbers from caller_id where tenant_id = $1 and tier = $2 and state <> 'retired';

-- name: InsertCallerID
-- $10: null for a number that was not bought here. A number that is here already without a tier joins the pool.
insert into caller_id (tenant_id, number, state, tier, provider, time_zone, calls_per_day, warmup_start, judged_since,
  added_at, provider_number_id, request_key)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)
on conflict (tenant_id, number) do update set state = excluded.state, tier = excluded.tier,
  provider = excluded.provider, time_zone = excluded.time_zone, calls_per_day = excluded.calls_per_day,
  warmup_start = excluded.warmup_start, rests_until = null, judged_since = excluded.judged_since,
  provider_number_id = coalesce(excluded.provider_number_id, caller_id.provider_number_id),
  request_key = coalesce(excluded.request_key, caller_id.request_key)
where caller_id.tier is null;

-- name: CountCallerIDUses
-- Of numbers $2: $3 today on each one's calendar, which never goes back, $4 calls, $5 when it was last used; in step.
update caller_id c set day_calls = case when c.day >= new.day then c.day_calls else 0 end + new.calls,
  day = greatest(c.day, new.day),
  last_used_at = new.used_at
from unnest($2::text[], $3::date[], $4::int[], $5::timestamptz[]) as new (number, day, calls, used_at)
where c.tenant_id = $1 and c.number = new.number;

-- name: SaveCallerIDStanding
update caller_id set state = $3, warmup_start = $4, rests_until = $5, judged_since = $6, alarms = $7,
  last_alarm_at = $8, alarm = coalesce($9, alarm), alarm_detail = coalesce($10, alarm_detail), failures = $11,
  openings = $12, open_until = $13
where tenant_id = $1 and number = $2;

-- name: SetCallerIDTier
update caller_id set tier = $3, calls_per_day = coalesce(calls_per_day, $4) where tenant_id = $1 and number = $2;

-- name: GiveBackCallerIDUse
-- An attempt never left: its number is not used up by it. $3 the day on which it was counted.
update caller_id set day_calls = day_calls - 1 where tenant_id = $1 and number = $2 and day = $3 and day_calls > 0;

-- name: InsertCallerIDCalls
insert into caller_id_call (tenant_id, number, ended_at, call_id, answered, short, failed)
select $1, new.* from unnest($2::text[], $3::timestamptz[], $4::uuid[], $5::boolean[], $6::boolean[], $7::boolean[]) as new
on conflict do nothing;

-- name: CallerIDHealth
-- Number $2 since $3: the latest $4 calls, the $5 before them (whenever), and the latest $5 of the tenant's others.
with own as (
  select answered, short, failed, ended_at >= $3 and row_number() over (order by ended_at desc) <= $4 as is_recent
  from (select * from caller_id_call where tenant_id = $1 and number = $2 order by ended_at desc limit $4 + $5) latest
), others as (
  select answered, short, failed from (
    select number, answered, short, failed from caller_id_call where tenant_id = $1 order by ended_at desc limit 3 * $5
  ) latest where number <> $2 limit $5
), calls as (
  select case when is_recent then 'recent' else 'earlier' end as sample, answered, short, failed from own
  union all select 'pool', answered, short, failed from others
)
select sample, count(*) as calls, count(*) filter (where answered) as answered, count(*) filter (where short) as short,
  count(*) filter (where failed) as failed
from calls group by sample;

-- name: ForgetCallerIDCalls
-- Calls that no judgement looks at any more.
delete from caller_id_call where tenant_id = $1 and number = any ($2) and ended_at < $3;
