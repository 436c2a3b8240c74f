-- name: InsertCall
-- The event may come again; the first row stays.
insert into call (tenant_id, call_id, campaign_id, lead_id, attempt_number, ended_at, facts, answered)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing;

-- name: InsertTurns
insert into transcript_turn (tenant_id, call_id, turn, speaker, text, start_milliseconds, end_milliseconds, interrupted)
select $1, $2, new.turn, new.speaker, new.text, new.start_ms, new.end_ms, new.interrupted
from unnest($3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::boolean[])
  as new (turn, speaker, text, start_ms, end_ms, interrupted)
on conflict do nothing;

-- name: ClaimUndecided
-- Up to $1 calls without an outcome, left to the caller for $2 seconds by moving their next try on.
update call set decide_at = now() + make_interval(secs => $2), tries = tries + 1
where (tenant_id, call_id) in (
  select tenant_id, call_id from call where outcome is null and decide_at <= now()
  order by decide_at limit $1 for update skip locked)
returning tenant_id, call_id, facts, tries;

-- name: DecideLater
update call set decide_at = now() + make_interval(secs => $3) where tenant_id = $1 and call_id = $2 and outcome is null;

-- name: Decide
-- Once.
update call set outcome = $3, record = $4, cost_micros = $5, talk_milliseconds = $6, score = $7
where tenant_id = $1 and call_id = $2 and outcome is null;

-- name: InsertCosts
insert into cost_line (tenant_id, call_id, campaign_id, vendor, cost_micros, basis)
select $1, $2, $3, new.vendor, new.cost_micros, new.basis
from unnest($4::text[], $5::bigint[], $6::text[]) as new (vendor, cost_micros, basis);

-- name: CallByID
select record from call where tenant_id = $1 and call_id = $2;

-- name: CallsOfCampaign
-- A page after ($3, $4); $5 an outcome or null for all; $6 rows at most.
select ended_at, call_id, record from call
where tenant_id = $1 and campaign_id = $2 and outcome is not null and (ended_at, call_id) > ($3, $4)
  and ($5::text is null or outcome = $5)
order by ended_at, call_id limit $6;

-- name: CallsOfLead
select ended_at, call_id, record from call
where tenant_id = $1 and lead_id = $2 and outcome is not null and (ended_at, call_id) > ($3, $4)
  and ($5::text is null or outcome = $5)
order by ended_at, call_id limit $6;

-- name: TurnsOfCall
select speaker, text, start_milliseconds, end_milliseconds, interrupted from transcript_turn
where tenant_id = $1 and call_id = $2 order by turn;

-- name: StatisticsByOutcome
select outcome, count(*) as calls, count(*) filter (where answered) as answered, sum(cost_micros)::bigint as cost_micros,
  sum(talk_milliseconds)::bigint as talk_milliseconds
from call where tenant_id = $1 and campaign_id = $2 and outcome is not null group by outcome;

-- name: CostsByVendor
select vendor, sum(cost_micros)::bigint as cost_micros from cost_line
where tenant_id = $1 and campaign_id = $2 group by vendor;

-- name: ScoreBands
select least(score / 20, 4)::int as band, count(*) as calls from call
where tenant_id = $1 and campaign_id = $2 and score is not null group by band order by band;
