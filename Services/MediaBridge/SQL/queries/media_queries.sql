-- name: InsertCall
-- $1 tenant, $2 call, $3 campaign, $4 lead, $5 attempt, $6 to, $7 from, $8 provider, $9 granted, $10 expires,
-- $11 policy version, $12 evidence, $13 max duration, $14 leave voicemail, $15 state, $16 placement, $17 requested (now),
-- $18 ended, $19 failure, $20 withdrawn, $21 finished, $22 owner, $23 asked, $24 seconds until others may look,
-- $25 deadline. Commits before the provider is asked. No row while another call to the number is under way.
insert into call (tenant_id, call_id, campaign_id, lead_id, attempt_number, to_number, from_number, provider, granted_at,
  expires_at, policy_version, evidence, max_duration, leave_voicemail, state, placement, session, requested_at, ended_at,
  failure, withdrawn, finished_at, owner, asked_at, asked_real, look_at, deadline_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'none', $17, $18, $19, $20, $21, $22, $23,
  now(), now() + make_interval(secs => $24), $25)
on conflict do nothing;

-- name: InsertScript
-- $3 instructions, $4 greeting, $5 voicemail, $6 voice
insert into call_script (tenant_id, call_id, instructions, greeting, voicemail, voice) values ($1, $2, $3, $4, $5, $6);

-- name: ScriptOfCall
select instructions, greeting, voicemail, voice from call_script where tenant_id = $1 and call_id = $2;

-- name: CallByID
select * from call where tenant_id = $1 and call_id = $2;

-- name: LockCall
-- Of any tenant: a provider's callback names the call alone. With the address of its owner, if that lives.
select call.*, instance.stream_url
from call
left join bridge_instance instance on instance.instance_id = call.owner and instance.alive_until > now()
where call.call_id = $1
for no key update of call;

-- name: SaveCall
-- Everything that reports change. $19 seconds until others may look; null leaves that as it is. $20 true when the
-- provider is asked now, at $21. $22 one more try.
update call
set state = $3, placement = $4, session = $5, intent = $6, end_reason = $7, provider_call_id = $8, answered_at = $9,
  ended_at = $10, talk_duration = $11, answered_by = $12, failure = $13, withdrawn = $14, finished_at = $15, owner = $16,
  deadline_at = $17, requested_at = $18, look_at = coalesce(now() + make_interval(secs => $19), look_at),
  asked_real = case when $20 then now() else asked_real end, asked_at = coalesce($21, asked_at), tries = tries + $22
where tenant_id = $1 and call_id = $2 and finished_at is null;

-- name: InsertFacts
-- Numbered on under the lock of the call's row.
insert into call_fact (tenant_id, call_id, ordinal, kind, value, sip_code, at)
select $1, $2, (select coalesce(max(ordinal), 0) from call_fact where tenant_id = $1 and call_id = $2) + new.place,
  new.kind, new.value, new.sip_code, new.at
from unnest($3::text[], $4::text[], $5::integer[], $6::timestamptz[])
  with ordinality as new (kind, value, sip_code, at, place);

-- name: FactsOfCall
select kind, value, sip_code, at from call_fact where tenant_id = $1 and call_id = $2 order by ordinal;

-- name: TurnsOfCall
select speaker, text, start_milliseconds, end_milliseconds, interrupted
from transcript_turn where tenant_id = $1 and call_id = $2 order by ordinal, start_milliseconds, item;

-- name: EngineUse
select engine_input_tokens, engine_output_tokens, turn_latency_milliseconds
from call where tenant_id = $1 and call_id = $2;

-- name: InsertWebhook
-- $2 kind, $3 sequence, $4 body, $5 received. No row when it was here already.
insert into webhook (tenant_id, call_id, kind, sequence, body, received_at)
select tenant_id, call_id, $2, $3, $4, $5 from call where call_id = $1
on conflict do nothing;

-- name: SaveTurns
-- Lines that are new or have changed, as arrays; nothing is written once the call's end was told.
insert into transcript_turn (tenant_id, call_id, item, ordinal, speaker, text, start_milliseconds, end_milliseconds,
  interrupted)
select call.tenant_id, call.call_id, new.item, new.ordinal, new.speaker, new.text, new.start_at, new.end_at,
  new.interrupted
from call, unnest($3::text[], $4::integer[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::boolean[])
  as new (item, ordinal, speaker, text, start_at, end_at, interrupted)
where call.tenant_id = $1 and call.call_id = $2 and call.finished_at is null
on conflict (tenant_id, call_id, item) do update
set ordinal = excluded.ordinal, speaker = excluded.speaker, text = excluded.text,
  start_milliseconds = excluded.start_milliseconds, end_milliseconds = excluded.end_milliseconds,
  interrupted = excluded.interrupted;

-- name: SaveEngineUse
-- $3 input tokens, $4 output tokens, $5 latencies, all since the call began.
update call set engine_input_tokens = $3, engine_output_tokens = $4, turn_latency_milliseconds = $5
where tenant_id = $1 and call_id = $2 and finished_at is null;

-- name: ClaimWork
-- Calls for which something is still to be done, of all tenants. Taking them keeps others away for $2 seconds.
update call set look_at = now() + make_interval(secs => $2)
from (
  select tenant_id, call_id from call
  where finished_at is null and look_at <= now()
    and (intent is not null or placement in ('waiting', 'asking', 'unsure'))
  order by look_at limit $1
  for update skip locked
) due
where call.tenant_id = due.tenant_id and call.call_id = due.call_id
returning call.*, call.asked_real + make_interval(secs => $3) <= now() as has_settled;

-- name: LookAgain
-- What could not be settled for a call is taken up again after $3 seconds.
update call set look_at = now() + make_interval(secs => $3)
where tenant_id = $1 and call_id = $2 and finished_at is null and (intent is not null or placement in ('asking', 'unsure'));

-- name: ClaimOverdue
-- Calls of all tenants of which nothing was heard by business time $1; the next look is due at $2.
update call set deadline_at = $2
from (
  select tenant_id, call_id from call
  where finished_at is null and deadline_at <= $1
  order by deadline_at limit $3
  for update skip locked
) due
where call.tenant_id = due.tenant_id and call.call_id = due.call_id
returning call.*, false as has_settled;

-- name: AbandonedSessions
-- Conversations of all tenants whose owner is dead.
select call.call_id from call
where call.finished_at is null and call.session = 'open'
  and not exists (
    select 1 from bridge_instance instance where instance.instance_id = call.owner and instance.alive_until > now())
limit $1;

-- name: KnownProviderCalls
-- Which of the provider's ids $2 belong to calls of ours other than $3, of whatever tenant: they share the provider's
-- account.
select provider_call_id from call where provider = $1 and provider_call_id = any ($2) and call_id <> $3;

-- name: StayAlive
-- $2 instance, $3 stream URL, $4 seconds
insert into bridge_instance (tenant_id, instance_id, stream_url, alive_until)
values ($1, $2, $3, now() + make_interval(secs => $4))
on conflict (tenant_id, instance_id) do update
set stream_url = excluded.stream_url, alive_until = excluded.alive_until;

-- name: Leave
delete from bridge_instance where tenant_id = $1 and instance_id = $2;

-- name: ForgetDeadInstances
delete from bridge_instance where alive_until < now() - interval '1 day';

-- name: EndedAmong
-- Which of the calls $1 are over.
select call_id from call where call_id = any ($1) and ended_at is not null;

-- name: LiveCallsByState
select state, count(*) as calls from call where finished_at is null group by state;
