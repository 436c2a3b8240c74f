-- name: EnsureTenantLimit
insert into tenant_limit (tenant_id) values ($1) on conflict do nothing;

-- name: EnsureProviderLimit
insert into provider_limit (tenant_id, provider) values ($1, $2) on conflict do nothing;

-- name: TenantLimit
select time_zone, max_calls_per_day, max_concurrent_calls, day, day_calls from tenant_limit where tenant_id = $1;

-- name: LockTenantLimit
select time_zone, max_calls_per_day, max_concurrent_calls, day, day_calls from tenant_limit
where tenant_id = $1 for update;

-- name: ProviderLimit
select max_concurrent_calls, max_calls_per_minute, inbound_percent, minute_start, minute_calls, failures, openings,
  open_until, held_until, held_since, held_reason
from provider_limit where tenant_id = $1 and provider = $2;

-- name: LockProviderLimit
select max_concurrent_calls, max_calls_per_minute, inbound_percent, minute_start, minute_calls, failures, openings,
  open_until, held_until, held_since, held_reason
from provider_limit where tenant_id = $1 and provider = $2 for update;

-- name: LiveCallsOf
-- Slots that all campaigns of tenant $1 hold, and those with provider $2.
select
  coalesce(sum(live), 0)
    - (select coalesce(sum(slots), 0) from settlement where tenant_id = $1) as tenant,
  coalesce(sum(live) filter (where provider = $2), 0)
    - (select coalesce(sum(slots), 0) from settlement where tenant_id = $1 and provider = $2) as provider
from provider_limit where tenant_id = $1;

-- name: CountTenantCalls
-- $2 today in the tenant's zone, $3 calls. Never goes back: an instance whose clock is behind counts into the day that
-- another has begun.
update tenant_limit set day_calls = case when day >= $2 then day_calls else 0 end + $3, day = greatest(day, $2)
where tenant_id = $1;

-- name: CountCalls
-- Only under the counter's lock, and each row once: the one before it has to be read past for as long as somebody holds a
-- snapshot. $3 to $6 the campaign's day and minute with their calls, $7 micro-dollars more are reserved, $8 calls take as
-- many slots, with provider $9 in minute $10, which never goes back either. What calls have given back is added up, from
-- after entry $11 on.
with gone as (
  delete from settlement where tenant_id = $1 and campaign_id = $2 and entry > $11
  returning provider, slots, spent_micros, released_micros
), of_providers as (
  select provider, sum(slots) as slots, sum(calls) as calls
  from (
    select $9::text as provider, $8::int as slots, $8::int as calls union all select provider, -slots, 0 from gone) as moved
  group by provider
), providers as (
  update provider_limit p set live = p.live + n.slots,
    minute_calls = case when n.calls = 0 or p.minute_start >= $10 then p.minute_calls else 0 end + n.calls,
    minute_start = case when n.calls = 0 then p.minute_start else greatest(p.minute_start, $10) end
  from of_providers n where p.tenant_id = $1 and p.provider = n.provider
), news as (
  select coalesce(sum(slots), 0) as slots, coalesce(sum(spent_micros), 0)::bigint as spent,
    coalesce(sum(released_micros), 0)::bigint as released
  from gone
)
update campaign_counter set day = $3, day_calls = $4, minute_start = $5, minute_calls = $6, live = live + $8 - news.slots,
  spent_micros = spent_micros + news.spent, reserved_micros = greatest(0, reserved_micros + $7 - news.released)
from news where tenant_id = $1 and campaign_id = $2;

-- name: GiveBackCampaignCall
-- An attempt never left: $3 the day on which it was counted.
update campaign_counter set day_calls = day_calls - 1
where tenant_id = $1 and campaign_id = $2 and day = $3 and day_calls > 0;

-- name: GiveBackTenantCall
update tenant_limit set day_calls = day_calls - 1 where tenant_id = $1 and day = $2 and day_calls > 0;

-- name: SetTenantLimit
insert into tenant_limit (tenant_id, time_zone, max_calls_per_day, max_concurrent_calls) values ($1, $2, $3, $4)
on conflict (tenant_id) do update set time_zone = excluded.time_zone, max_calls_per_day = excluded.max_calls_per_day,
  max_concurrent_calls = excluded.max_concurrent_calls;

-- name: SetProviderLimit
insert into provider_limit (tenant_id, provider, max_concurrent_calls, inbound_percent, max_calls_per_minute)
values ($1, $2, $3, $4, $5)
on conflict (tenant_id, provider) do update set max_concurrent_calls = excluded.max_concurrent_calls,
  inbound_percent = excluded.inbound_percent, max_calls_per_minute = excluded.max_calls_per_minute;

-- name: SaveProviderBreaker
update provider_limit set failures = $3, openings = $4, open_until = $5 where tenant_id = $1 and provider = $2;

-- name: HoldProvider
-- $3 business time now, $4 until when, $5 why. A hold that follows a lapsed one of more than $6 seconds ago is new.
insert into provider_limit (tenant_id, provider, held_since, held_until, held_reason) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, provider) do update set
  held_since = case
    when provider_limit.held_reason = $5 and provider_limit.held_until > $3 - make_interval(secs => $6)
    then provider_limit.held_since else $3 end,
  held_until = greatest($4, provider_limit.held_until), held_reason = $5;

-- name: RestartHold
-- Calls go through: what holds it back has not done so without a break.
update provider_limit set held_since = $3 where tenant_id = $1 and provider = $2 and held_reason is not null;

-- name: Headrooms
-- How many calls more each tenant and provider in $1, $2 takes at once, this minute ($3) and, of the tenant, today, as
-- far as calls at once and a minute decide; null: no limit. $4 to $6 are the installation's limits of a provider.
with given_back as (
  select tenant_id, provider, sum(slots) as slots from settlement where tenant_id = any ($1::uuid[])
  group by tenant_id, provider
), live as (
  select p.tenant_id, p.provider, p.live - coalesce(g.slots, 0) as calls
  from provider_limit p left join given_back g using (tenant_id, provider) where p.tenant_id = any ($1::uuid[])
)
select asked.tenant_id, asked.provider,
  (t.max_concurrent_calls
    - (select coalesce(sum(calls), 0) from live l where l.tenant_id = asked.tenant_id))::bigint as tenant_room,
  least(
    coalesce(p.max_concurrent_calls, $4) * (100 - coalesce(p.inbound_percent, $6)) / 100
      - (select coalesce(sum(calls), 0) from live l
         where l.tenant_id = asked.tenant_id and l.provider = asked.provider),
    coalesce(p.max_calls_per_minute, $5) - case when p.minute_start >= $3 then p.minute_calls else 0 end
  )::bigint as provider_room
from unnest($1::uuid[], $2::text[]) as asked (tenant_id, provider)
left join tenant_limit t on t.tenant_id = asked.tenant_id
left join provider_limit p on p.tenant_id = asked.tenant_id and p.provider = asked.provider;

-- name: BudgetOf
select c.spent_micros + coalesce(sum(s.spent_micros), 0)::bigint as spent,
  greatest(0, c.reserved_micros - coalesce(sum(s.released_micros), 0)::bigint) as reserved
from campaign_counter c left join settlement s on s.tenant_id = c.tenant_id and s.campaign_id = c.campaign_id
where c.tenant_id = $1 and c.campaign_id = $2
group by c.tenant_id, c.campaign_id;

-- name: PendingSettlements
-- What is not in the campaign's counter yet, from after entry $3 on.
select coalesce(max(entry), $3) as last, coalesce(sum(slots), 0)::bigint as slots,
  coalesce(sum(spent_micros), 0)::bigint as spent, coalesce(sum(released_micros), 0)::bigint as released
from settlement where tenant_id = $1 and campaign_id = $2 and entry > $3;

-- name: SetBlocked
update campaign_counter set blocked = $3 where tenant_id = $1 and campaign_id = $2;
