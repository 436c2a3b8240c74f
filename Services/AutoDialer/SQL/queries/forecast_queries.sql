-- name: ForecastPage
-- What waits, after lead $3, $4 at most. Columns are read by place. Both tables are told where to begin: a merge would
-- read one of them from its start for every page.
select q.lead_id, t.lead, t.joined_at, q.rank, q.due_at, q.attempts, q.withdrawn, q.next_number, q.spent_numbers,
  coalesce(q.not_after, 'infinity') as not_after, coalesce(q.avoid_start, -1) as avoid_start,
  coalesce(q.avoid_end, -1) as avoid_end
from queue q join task t on t.tenant_id = q.tenant_id and t.campaign_id = q.campaign_id and t.lead_id = q.lead_id
where q.tenant_id = $1 and q.campaign_id = $2 and q.lead_id > $3
  and t.tenant_id = $1 and t.campaign_id = $2 and t.lead_id > $3
order by q.lead_id limit $4;

-- name: ForecastPlanner
-- For the pages: both tables are read in the order of their keys. A planner that does not know yet how many leads there
-- are would read all of them for each page.
select set_config('enable_hashjoin', 'off', true), set_config('enable_seqscan', 'off', true),
  set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true);

-- name: ForecastInFlight
-- Leads in a call or with its outcome to come, as rows of ForecastPage.
select u.lead_id, t.lead, t.joined_at, u.rank, u.granted_at as due_at, u.attempt_number as attempts,
  (select count(*) from settled w
   where w.tenant_id = $1 and w.campaign_id = $2 and w.lead_id = u.lead_id and w.state = 'withdrawn')::int as withdrawn,
  0 as next_number, 0 as spent_numbers, timestamptz 'infinity' as not_after, -1 as avoid_start, -1 as avoid_end
from under_way u join task t on t.tenant_id = u.tenant_id and t.campaign_id = u.campaign_id and t.lead_id = u.lead_id
where u.tenant_id = $1 and u.campaign_id = $2 and t.state = 'open'
order by u.lead_id;

-- name: ForecastCalls
-- The calls that leads $3 have had and that are over, a letter each. One index seek a lead: "offset 0" keeps the planner
-- from joining, which it does by reading every attempt for every page.
select wanted.lead_id, had.calls
from unnest($3::uuid[]) as wanted (lead_id)
cross join lateral (
  select string_agg(case coalesce(outcome, 'failed')
      when 'no_answer' then 'n' when 'busy' then 'b' when 'wrong_number' then 'w'
      when 'failed' then case when permanent then 'F' else 'f' end else 'o' end, '') as calls
  from settled a
  where a.tenant_id = $1 and a.campaign_id = $2 and a.lead_id = wanted.lead_id and a.state <> 'withdrawn' offset 0) as had
where had.calls is not null;

-- name: ForecastRefusals
-- Whether any number is on a list of tenants $1, or was refused by a register for tenant $2 as of $3.
select
  exists (select 1 from do_not_call where tenant_id = any ($1::uuid[]) and removed_at is null) as listed,
  exists (select 1 from clearance where tenant_id = $2 and kind = 'wash' and verdict = 'refused' and expires_at > $3)
    as washed;

-- name: ForecastEndedUncalled
-- Leads that were done without a call, by reason, with some of them; $3 are the reasons that follow from calls.
select e.reason, count(*) as leads, (array_agg(e.lead_id order by e.lead_id))[1:5] as examples
from lead_end e
where e.tenant_id = $1 and e.campaign_id = $2 and e.reopened_at is null and e.reason <> all ($3::text[])
  and not exists (
    select 1 from settled a where a.tenant_id = e.tenant_id and a.campaign_id = e.campaign_id and a.lead_id = e.lead_id)
group by e.reason order by e.reason;

-- name: CampaignExperience
-- What calls of a campaign came to: those of its first leads, $3 at most.
select least(attempt_number, 20) as number, outcome, permanent, count(*) as calls, avg(seconds) as line_seconds
from (
  select attempt_number, outcome, permanent, greatest(0, extract(epoch from ended_at - placed_at))::float8 as seconds
  from settled where tenant_id = $1 and campaign_id = $2 order by lead_id, attempt_number limit $3) as sample
where outcome is not null
group by 1, 2, 3 order by 1, 2, 3;

-- name: TenantExperience
-- The same of all campaigns. Ids of calls are hashes: the first $2 are as good as any.
select least(attempt_number, 20) as number, outcome, permanent, count(*) as calls, avg(seconds) as line_seconds
from (
  select attempt_number, outcome, permanent, greatest(0, extract(epoch from ended_at - placed_at))::float8 as seconds
  from settled where tenant_id = $1 order by call_id limit $2) as sample
where outcome is not null
group by 1, 2, 3 order by 1, 2, 3;

-- name: CampaignCosts
select
  (select count(*) from settled where tenant_id = $1 and campaign_id = $2 and outcome is not null) as calls,
  (select coalesce(sum(spent_micros), 0) from campaign_counter where tenant_id = $1 and campaign_id = $2)::bigint
    + (select coalesce(sum(spent_micros), 0) from settlement where tenant_id = $1 and campaign_id = $2)::bigint as spent;

-- name: TenantCosts
select
  (select count(*) from settled where tenant_id = $1 and outcome is not null) as calls,
  (select coalesce(sum(spent_micros), 0) from campaign_counter where tenant_id = $1)::bigint
    + (select coalesce(sum(spent_micros), 0) from settlement where tenant_id = $1)::bigint as spent;
