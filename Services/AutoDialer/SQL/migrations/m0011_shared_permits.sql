-- What the permits of a claim have in common, written once.
--
-- Why: the leads of a claim are in few places and are called for the same reasons, in some 400 bytes a call that are kept
-- for ever. What differs is with the attempt, and its ids and number stood there already.

-- A DialPermit with the number that is shown and what was found of it; empty where `permit` has it all. A message's bytes
-- after another's are both put together (protobuf.dev/programming-guides/encoding, "Last One Wins"). Without a default, so
-- that an instance of before cannot settle a call and leave this out: it fails until it is replaced.
alter table under_way add column own_permit bytea not null default '';
alter table settled add column own_permit bytea not null default '';
alter table under_way alter column own_permit drop default, alter column own_permit set statistics 0;
alter table settled alter column own_permit drop default, alter column own_permit set statistics 0;

drop view attempt;
create view attempt as
select tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state,
  (select permit from permit p where p.id = u.permit_id) || own_permit as permit, phone, provider,
  granted_at, placed_at, ended_at, null::text as outcome, false as permanent from under_way u
union all
select tenant_id, call_id, campaign_id, lead_id, attempt_number, rank, state,
  (select permit from permit p where p.id = s.permit_id) || own_permit as permit, phone, provider,
  granted_at, placed_at, ended_at, outcome, permanent from settled s;
