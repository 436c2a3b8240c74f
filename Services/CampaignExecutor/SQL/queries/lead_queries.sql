-- name: OwnersOfNumbers
-- The leads that have one of the numbers $3, as their first or a further one. Each number is looked up by itself: asked
-- for all at once, a server that has not counted the tables yet reads all of them, for each number.
select lead.lead_id from unnest($3::text[]) as asked (phone)
cross join lateral (
  select l.lead_id from lead l where l.tenant_id = $1 and l.campaign_id = $2 and l.phone = asked.phone limit 1) as lead
union
select number.lead_id from unnest($3::text[]) as asked (phone)
cross join lateral (
  select n.lead_id from lead_number n where n.tenant_id = $1 and n.campaign_id = $2 and n.phone = asked.phone limit 1
) as number;

-- name: LockLeads
-- Nobody else changes them meanwhile.
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at
from lead where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3::uuid[]) order by lead_id for update;

-- name: InsertLeads
insert into lead (tenant_id, campaign_id, lead_id, phone, region, first_name, last_name, company, email, time_zone,
  attributes, consent, numbers, country, subdivision, not_after, created_at, sequence_step, step_due_at,
  at_dialer)
select $1, $2, new.lead_id, new.phone, new.region, new.first_name, new.last_name, new.company, new.email,
  new.time_zone, new.attributes, new.consent, new.numbers, new.country, new.subdivision, new.not_after, $17, $18, $19,
  $18 = 0
from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::jsonb[], $12::text[], $13::jsonb[], $14::text[], $15::text[], $16::timestamptz[])
  as new (lead_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
    country, subdivision, not_after);

-- name: ReplaceLeads
-- All but the first number, which is never changed.
update lead l set first_name = new.first_name, last_name = new.last_name, company = new.company, email = new.email,
  time_zone = new.time_zone, attributes = new.attributes, consent = new.consent, numbers = new.numbers,
  country = new.country, subdivision = new.subdivision, not_after = new.not_after
from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::text[],
    $11::jsonb[], $12::text[], $13::text[], $14::timestamptz[])
  as new (lead_id, first_name, last_name, company, email, time_zone, attributes, consent, numbers, country,
    subdivision, not_after)
where l.tenant_id = $1 and l.campaign_id = $2 and l.lead_id = new.lead_id
returning l.lead_id, l.campaign_id, l.phone, l.region, l.first_name, l.last_name, l.company, l.email, l.time_zone, l.attributes,
  l.consent, l.numbers, l.country, l.subdivision, l.not_after, l.state, l.outcome, l.attempts, l.last_called_at,
  l.next_attempt_at, l.score, l.done_reason, l.created_at, l.sequence_step, l.step_due_at;

-- name: ForgetNumbers
delete from lead_number where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3);

-- name: InsertNumbers
insert into lead_number (tenant_id, campaign_id, phone, lead_id)
select $1, $2, new.phone, new.lead_id from unnest($3::text[], $4::uuid[]) as new (phone, lead_id) order by 3;

-- name: LeadByID
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at
from lead where tenant_id = $1 and campaign_id = $2 and lead_id = $3;

-- name: LeadsPage
-- After lead $3; state $4 and outcome $5 unless null; $6 rows at most.
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at
from lead where tenant_id = $1 and campaign_id = $2 and lead_id > $3
  and ($4::text is null or state = $4) and ($5::text is null or outcome = $5)
order by lead_id limit $6;

-- name: InsertCopy
-- $2 the copy, $3 what it is a copy of.
insert into lead_copy (tenant_id, campaign_id, source_id, open_leads, outcomes, after)
values ($1, $2, $3, $4, $5, '00000000-0000-0000-0000-000000000000');

-- name: CopiesUnderWay
-- All tenants.
select tenant_id, campaign_id from lead_copy order by tenant_id, campaign_id;

-- name: CopyOf
-- Whoever goes on with it has locked the campaign.
select source_id, open_leads, outcomes, after from lead_copy where tenant_id = $1 and campaign_id = $2;

-- name: MoveCopy
update lead_copy set after = $3 where tenant_id = $1 and campaign_id = $2;

-- name: EndCopy
delete from lead_copy where tenant_id = $1 and campaign_id = $2;

-- name: LeadsToClone
-- After lead $3: open ones if $4, and done ones with an outcome of $5; $6 rows at most.
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at
from lead where tenant_id = $1 and campaign_id = $2 and lead_id > $3
  and (state = 'open' and $4 or state = 'done' and outcome = any ($5))
order by lead_id limit $6;

-- name: ReopenLeads
-- Done leads after $3 with an outcome of $4 that were called fewer than $5 times, $6 at most, wait again.
with old as (
  select lead_id, outcome from lead
  where tenant_id = $1 and campaign_id = $2 and lead_id > $3 and state = 'done' and outcome = any ($4)
    and attempts < $5
  order by lead_id limit $6 for update
)
update lead l set state = 'open', done_reason = '', next_attempt_at = null
from old where l.tenant_id = $1 and l.campaign_id = $2 and l.lead_id = old.lead_id
returning l.lead_id, l.campaign_id, l.phone, l.region, l.first_name, l.last_name, l.company, l.email, l.time_zone, l.attributes,
  l.consent, l.numbers, l.country, l.subdivision, l.not_after, l.state, l.outcome, l.attempts, l.last_called_at,
  l.next_attempt_at, l.score, l.done_reason, l.created_at, l.sequence_step, l.step_due_at;

-- name: ExhaustedLeads
-- Done leads with an outcome of $3 that were called $4 times or more.
select count(*) as leads from lead
where tenant_id = $1 and campaign_id = $2 and state = 'done' and outcome = any ($3) and attempts >= $4;

-- name: DeleteLeads
-- All of a campaign that goes with them; it is locked.
delete from lead where tenant_id = $1 and campaign_id = $2;

-- name: LeadOfClientKey
select lead_id, phone, merged from lead_client_key where tenant_id = $1 and campaign_id = $2 and client_key = $3;

-- name: InsertClientKey
insert into lead_client_key (tenant_id, campaign_id, client_key, lead_id, phone, merged)
values ($1, $2, $3, $4, $5, $6);

-- name: LeadCalled
-- An attempt started; its number says whether it was the first.
update lead set attempts = attempts + 1, last_called_at = $4, next_attempt_at = null
where tenant_id = $1 and campaign_id = $2 and lead_id = $3
returning attempts;

-- name: LeadNotCalled
-- An attempt was withdrawn: it never left.
update lead set attempts = attempts - 1, next_attempt_at = $4
where tenant_id = $1 and campaign_id = $2 and lead_id = $3
returning attempts;

-- name: LeadWaits
update lead set outcome = coalesce($4, outcome), next_attempt_at = $5
where tenant_id = $1 and campaign_id = $2 and lead_id = $3;

-- name: LeadDone
update lead set state = 'done', outcome = coalesce($4, outcome), done_reason = $5, next_attempt_at = null,
  step_due_at = null
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'open'
returning lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at;

-- name: LeadReopened
-- Answers the end that the lead had.
with ended as (
  select outcome, done_reason, attempts from lead
  where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'done' for update),
opened as (
  update lead set state = 'open', done_reason = '', next_attempt_at = $4
  where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'done')
select outcome, done_reason, attempts from ended;

-- name: LeadSpoke
-- A call ended: its score, unless null, and its number $5 when a person spoke, else null. Answers whether that was the first
-- time, and where the lead lives.
update lead set score = coalesce($4, score), reached_on = coalesce(reached_on, $5)
where tenant_id = $1 and campaign_id = $2 and lead_id = $3
returning time_zone, coalesce(reached_on = $5, false) as is_first;

-- name: CampaignsWithDueSteps
-- Active campaigns, of all tenants, with leads whose step is due at $1; $2 at most.
select tenant_id, campaign_id, policy from campaign c
where state = 'active' and exists (
  select from lead l where l.tenant_id = c.tenant_id and l.campaign_id = c.campaign_id and l.step_due_at <= $1)
order by tenant_id, campaign_id limit $2;

-- name: LeadsWithDueSteps
-- Up to $4 leads of a campaign whose step is due at $3; other instances pass them over.
select lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at, at_dialer
from lead where tenant_id = $1 and campaign_id = $2 and step_due_at <= $3
order by step_due_at, lead_id limit $4 for update skip locked;

-- name: MoveSteps
-- Puts leads to their next step, or, with no time, to the dialer.
update lead l set sequence_step = new.step, step_due_at = new.due_at, at_dialer = l.at_dialer or new.due_at is null
from unnest($3::uuid[], $4::integer[], $5::timestamptz[]) as new (lead_id, step, due_at)
where l.tenant_id = $1 and l.campaign_id = $2 and l.lead_id = new.lead_id and l.state = 'open';

-- name: LeadStep
-- Where an open lead is in its sequence, when it joined, and how often it was called.
select sequence_step, created_at, attempts from lead
where tenant_id = $1 and campaign_id = $2 and lead_id = $3 and state = 'open' for update;

-- name: EndSequences
update lead set state = 'done', done_reason = 'sequence_ended', step_due_at = null
where tenant_id = $1 and campaign_id = $2 and lead_id = any ($3) and state = 'open'
returning lead_id, campaign_id, phone, region, first_name, last_name, company, email, time_zone, attributes, consent, numbers,
  country, subdivision, not_after, state, outcome, attempts, last_called_at, next_attempt_at, score, done_reason,
  created_at, sequence_step, step_due_at;
