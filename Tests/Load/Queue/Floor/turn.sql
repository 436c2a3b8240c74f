with due as (
  select w.* from generate_series(0, 9) as level, lateral (
    select rank, due_at, lead_id, attempts from floor.waiting
    where rank = level::smallint and due_at <= now() order by due_at limit :batch for update skip locked) as w limit :batch),
gone as (
  delete from floor.waiting w using due where (w.rank, w.due_at, w.lead_id) = (due.rank, due.due_at, due.lead_id)),
taken as (
  insert into floor.under_way select lead_id, rank, attempts + 1, :client_id, now() from due returning lead_id)
select array_agg(lead_id)::text as leads from taken \gset
with ended as (
  delete from floor.under_way where lead_id = any (:leads::text::bigint[]) returning lead_id, rank, attempts),
history as (insert into floor.past select lead_id, attempts, 3, now() from ended)
insert into floor.waiting select rank, now() + interval '1 hour', lead_id, attempts from ended where lead_id % 2 = 1;
