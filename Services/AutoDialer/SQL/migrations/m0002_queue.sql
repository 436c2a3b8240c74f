-- What waits, apart from what is known of a lead.
--
-- Why: a claim deletes a narrow row and leaves the lead's wide one alone, which halves what a call costs the database.
-- The index is in order of a claim, so each rank costs one seek, however many leads wait at others; a reader that
-- remembers where it was also skips the rows that a snapshot held elsewhere keeps from being cleaned away.
create table queue (
  tenant_id uuid not null,
  campaign_id uuid not null,
  lead_id uuid not null,
  -- Of DialPriority; 9 is a call that somebody asked for, and comes first.
  rank smallint not null,
  -- The earliest instant at which every rule that time alone decides lets it be called.
  due_at timestamptz not null,
  -- Attempts numbered so far; numbers are never used twice. Those that never left cost the lead nothing.
  attempts smallint not null check (attempts >= 0),
  withdrawn smallint not null check (withdrawn >= 0 and withdrawn <= attempts),
  -- Which of the lead's numbers is next, and a bit for each that takes no more calls.
  next_number smallint not null default 0,
  spent_numbers smallint not null default 0,
  -- A retry that must lie on the same day ends here; one that must differ from the last time of day avoids these
  -- minutes of the local day.
  not_after timestamptz,
  avoid_start smallint,
  avoid_end smallint,
  primary key (tenant_id, campaign_id, rank, due_at, lead_id)
) with (autovacuum_vacuum_scale_factor = 0.02);

create unique index queue_lead on queue (tenant_id, campaign_id, lead_id);

insert into queue (tenant_id, campaign_id, lead_id, rank, due_at, attempts, withdrawn, not_after, avoid_start, avoid_end)
select tenant_id, campaign_id, lead_id, priority, due_at, attempts, withdrawn, not_after, avoid_start, avoid_end
from task where state = 'waiting';

-- The lead as the dialer knows it. An open one has a row in the queue or an attempt that is not settled.
drop index task_due;
alter table task drop constraint task_state_check;
update task set state = 'open' where state <> 'done';
alter table task add check (state in ('open', 'done')),
  drop column priority, drop column due_at, drop column attempts, drop column withdrawn, drop column not_after,
  drop column avoid_start, drop column avoid_end, add column joined_at timestamptz not null default 'epoch';

alter table attempt add column phone text not null default '',
  -- Where it stood in the queue: it goes back there when it never left.
  add column rank smallint not null default 1;
create index attempt_of_phone on attempt (tenant_id, phone) where state in ('permitted', 'dial_unknown');
