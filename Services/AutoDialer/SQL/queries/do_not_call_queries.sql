-- name: InsertDoNotCall
-- $1 tenant of the list, $2 numbers, $3 campaign, $4 source, $5 reasons, $6 actor, $7 business time. Numbers that are on
-- the list stay as they are; the others come back. In the order of the numbers, so that two writers cannot wait for each
-- other.
insert into do_not_call (tenant_id, number, campaign_id, source, reason, actor, added_at)
select $1, new.number, $3, $4, new.reason, $6, $7
from unnest($2::text[], $5::text[]) as new (number, reason) order by new.number
on conflict (tenant_id, number, campaign_id) where removed_at is null do nothing
returning number;

-- name: CreateDoNotCallStage
-- Where a batch lands before it is compared with the list. Made once for a connection, empty at each commit.
create temporary table if not exists do_not_call_stage (number text not null, reason text not null) on commit delete rows;

-- name: InsertStagedDoNotCall
insert into do_not_call (tenant_id, number, campaign_id, source, reason, actor, added_at)
select $1, stage.number, $2, $3, stage.reason, $4, $5 from do_not_call_stage stage order by stage.number
on conflict (tenant_id, number, campaign_id) where removed_at is null do nothing;

-- name: RemoveDoNotCall
-- $1 tenant of the list, $2 number, $3 campaign, $4 business time, $5 actor.
update do_not_call set removed_at = greatest($4, added_at), removed_by = $5
where tenant_id = $1 and number = $2 and campaign_id = $3 and removed_at is null
returning tenant_id, number, campaign_id, source, reason, actor, added_at, removed_at;

-- name: DoNotCallOnList
select tenant_id, number, campaign_id, source, reason, actor, added_at, removed_at from do_not_call
where tenant_id = $1 and number = $2 and campaign_id = $3 and removed_at is null;

-- name: DoNotCallNow
-- Entries in force for tenants $1 and numbers $2, in step, on the lists of campaigns $3. One index seek for each pair:
-- "offset 0" keeps the planner from joining, which it gets wrong by a factor of a thousand (measured, 2 million entries).
select d.tenant_id, d.number, d.campaign_id, d.source, d.reason, d.actor, d.added_at, d.removed_at
from unnest($1::uuid[], $2::text[]) as wanted (tenant_id, number)
cross join lateral (
  select * from do_not_call d
  where d.tenant_id = wanted.tenant_id and d.number = wanted.number and d.removed_at is null offset 0) as d
where d.campaign_id = any ($3::uuid[]);

-- name: DoNotCallAt
-- As DoNotCallNow, as things stood at $4.
select d.tenant_id, d.number, d.campaign_id, d.source, d.reason, d.actor, d.added_at, d.removed_at
from unnest($1::uuid[], $2::text[]) as wanted (tenant_id, number)
cross join lateral (
  select * from do_not_call d
  where d.tenant_id = wanted.tenant_id and d.number = wanted.number
    and d.added_at <= $4 and (d.removed_at is null or d.removed_at > $4) offset 0) as d
where d.campaign_id = any ($3::uuid[]);

-- name: DoNotCallPage
-- Of the lists of tenant $1: those of campaign $2 unless null, removed ones only if $3; after number $4, campaign $5 and
-- entry $6; $7 rows at most.
select tenant_id, number, campaign_id, entry, source, reason, actor, added_at, removed_at from do_not_call
where tenant_id = $1 and ($2::uuid is null or campaign_id = $2) and ($3 or removed_at is null)
  and (number, campaign_id, entry) > ($4, $5, $6)
order by number, campaign_id, entry limit $7;

-- name: HasteAttempts
-- Attempts at numbers that came onto a list, of which nobody knows whether they left: looked at now. $1 tenant, or null
-- for all.
update under_way set look_at = now()
where ($1::uuid is null or tenant_id = $1) and phone = any ($2::text[]) and state in ('permitted', 'dial_unknown');

-- name: InsertDoNotCallImport
insert into do_not_call_import (tenant_id, import_id, list_tenant_id, campaign_id, file_name, source, reason,
  default_region, actor, state, opened_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10);

-- name: LockDoNotCallImport
select list_tenant_id, campaign_id, file_name, source, reason, default_region, actor, state, problems
from do_not_call_import where tenant_id = $1 and import_id = $2 for update;

-- name: DoNotCallImportBatch
select added, known, refused from do_not_call_import_batch where tenant_id = $1 and import_id = $2 and batch = $3;

-- name: InsertDoNotCallImportBatch
insert into do_not_call_import_batch (tenant_id, import_id, batch, rows, added, known, refused, problem_lines,
  problem_messages)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: CountDoNotCallProblems
update do_not_call_import set problems = problems + $3 where tenant_id = $1 and import_id = $2;

-- name: CloseDoNotCallImport
update do_not_call_import set state = $3 where tenant_id = $1 and import_id = $2;

-- name: DoNotCallImportSums
select coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(added), 0)::bigint as added,
  coalesce(sum(known), 0)::bigint as known, coalesce(sum(refused), 0)::bigint as refused
from do_not_call_import_batch where tenant_id = $1 and import_id = $2;

-- name: DoNotCallImportProblems
select problem.line, problem.message
from do_not_call_import_batch b, unnest(b.problem_lines, b.problem_messages) as problem (line, message)
where b.tenant_id = $1 and b.import_id = $2 order by problem.line, b.batch;

-- name: Clearances
-- $2 kinds and $3 subjects, in step.
select c.kind, c.subject, c.verdict, c.reason, c.checked_at, c.expires_at, c.tries
from unnest($2::text[], $3::text[]) as wanted (kind, subject)
join clearance c on c.tenant_id = $1 and c.kind = wanted.kind and c.subject = wanted.subject;

-- name: AskClearances
-- Questions, due at $7: one that is open stays as it is, an answer that holds no more becomes one. $2 kinds, $3 subjects,
-- $4 campaigns, $5 leads, $6 numbers, in step. In one order, so that two writers cannot wait for each other.
insert into clearance (tenant_id, kind, subject, verdict, reason, checked_at, expires_at, campaign_id, lead_id, number)
select $1, new.kind, new.subject, 'unanswered', '', $7, $7, new.campaign_id, new.lead_id, new.number
from unnest($2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[])
  as new (kind, subject, campaign_id, lead_id, number)
order by new.kind, new.subject
on conflict (tenant_id, kind, subject) do update
set verdict = 'unanswered', tries = 0, expires_at = $7, campaign_id = excluded.campaign_id, lead_id = excluded.lead_id
where clearance.verdict <> 'unanswered' and clearance.expires_at <= $7;

-- name: TakeClearanceQuestions
-- Up to $3 questions of kind $1 that are due at $2, leased to the caller for $4 seconds.
update clearance set asked_until = now() + make_interval(secs => $4)
where (tenant_id, kind, subject) in (
  select tenant_id, kind, subject from clearance
  where kind = $1 and verdict = 'unanswered' and expires_at <= $2 and asked_until <= now()
  order by expires_at limit $3 for update skip locked)
returning tenant_id, subject, campaign_id, lead_id, number, tries;

-- name: AnswerClearances
-- $2 kind, $3 subjects, $4 verdicts, $5 reasons, $6 checked at, $7 expiries, $8 tries. In one order, as above.
with answer as (
  select * from unnest($3::text[], $4::text[], $5::text[], $7::timestamptz[], $8::int[])
    as a (subject, verdict, reason, expires_at, tries)),
locked as (
  select c.subject from clearance c join answer using (subject) where c.tenant_id = $1 and c.kind = $2
  order by c.subject for update of c)
update clearance c
set verdict = answer.verdict, reason = answer.reason, checked_at = $6, expires_at = answer.expires_at,
  tries = answer.tries, asked_until = '-infinity'
from answer join locked using (subject)
where c.tenant_id = $1 and c.kind = $2 and c.subject = answer.subject;

-- name: WakeLeads
-- Leads of campaigns $2 and $3, in step, that wait for an answer are due at $4. One that is due later than $5 waits for
-- something else.
with waiting as (
  select q.campaign_id, q.lead_id from queue q
  join unnest($2::uuid[], $3::uuid[]) as woken (campaign_id, lead_id) using (campaign_id, lead_id)
  where q.tenant_id = $1 and q.due_at > $4 and q.due_at <= $5
  for update of q skip locked)
update queue q set due_at = $4 from waiting
where q.tenant_id = $1 and q.campaign_id = waiting.campaign_id and q.lead_id = waiting.lead_id;
