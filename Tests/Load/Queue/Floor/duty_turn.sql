begin;
with due as (
  select w.* from generate_series(0, 9) as level, lateral (
    select * from duty.waiting where tenant = md5('t')::uuid and campaign = md5('c')::uuid and rank = level::smallint
      and due_at <= now() order by due_at limit :batch for update skip locked) as w limit :batch),
gone as (
  delete from duty.waiting w using due
  where (w.tenant, w.campaign, w.rank, w.due_at, w.lead) = (due.tenant, due.campaign, due.rank, due.due_at, due.lead)),
known as materialized (
  select due.*, lead.lead as bytes, (left(due.lead::text, 13) || right(md5(due.lead::text || due.attempts), 20))::uuid as call
  from due join duty.lead on (lead.tenant, lead.campaign, lead.id) = (due.tenant, due.campaign, due.lead)),
shared as (insert into duty.permit (permit) values (repeat('p', 350)::bytea) returning id),
taken as (
  insert into duty.under_way
  select tenant, call, campaign, lead, rank, attempts + 1, (select id from shared), repeat('o', 76)::bytea, now()
  from known returning call),
told as (insert into duty.fact (tenant, key, payload) select tenant, lead::text, repeat('e', 200)::bytea from known)
select array_agg(call)::text as calls from taken \gset
commit;
begin;
update duty.under_way set ended_at = now() where call = any (:calls::text::uuid[]);
with gone as (
  delete from duty.under_way where call = any (:calls::text::uuid[]) returning *),
kept as (
  insert into duty.past
  select tenant, call, campaign, lead, attempts, permit, own_permit, granted_at, 'no_answer' from gone),
back as (
  insert into duty.waiting select tenant, campaign, rank, now() + interval '1 hour', lead, attempts from gone
  where get_byte(uuid_send(call), 0) % 2 = 0),
ended as (
  update duty.lead l set state = 'done' from gone
  where get_byte(uuid_send(call), 0) % 2 = 1 and (l.tenant, l.campaign, l.id) = (gone.tenant, gone.campaign, gone.lead)),
why as (
  insert into duty.ending select tenant, campaign, lead, now(), 'unqualified' from gone
  where get_byte(uuid_send(call), 0) % 2 = 1)
insert into duty.fact (tenant, key, payload) select tenant, lead::text, repeat('e', 120)::bytea from gone;
commit;
