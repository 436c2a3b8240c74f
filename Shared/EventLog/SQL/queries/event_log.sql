-- name: AppendEvents
-- Appends the facts in $3..$6 of tenant $1, which happened at business time $2. Nothing is appended by a transaction
-- older than an hour, which the cast fails with: readers rely on that to leave old partitions unread.
insert into {schema}.event (tenant_id, key, key_hash, type, payload, occurred_at)
select $1, e.key, e.key_hash, e.type, e.payload, $2
from unnest($3::text[], $4::integer[], $5::text[], $6::bytea[]) with ordinality
  as e (key, key_hash, type, payload, position)
where case
  when now() > clock_timestamp() - interval '1 hour' then true
  else concat('a transaction older than an hour may not append events: ', now())::boolean
end
order by e.position

-- name: ReadEvents
-- Facts of shares $4 of $5 after place ($1, $2), of types $8 unless that is empty, at most $6 and one more, among the next
-- $7 of all. The last of those is returned too, whatever it is: reading goes on from there. $3 is a day before the place
-- was written: nothing later in the log is older. A long look back costs one index probe per day kept. Payloads come up
-- to $9 bytes together, and the first; the rest are null, and are not even read.
select transaction, id, recorded_at, mine, row_number, tenant_id, key, type,
  case when mine and bytes <= greatest($9::bigint, octet_length(payload)) then payload end as payload, occurred_at
from (
  select scanned.*,
    row_number() over (order by transaction, id) as row_number,
    lead(id) over (order by transaction, id) is null as is_last,
    sum(octet_length(payload)) filter (where mine) over (order by transaction, id) as bytes
  from (
    select *, key_hash % $5 = any ($4::integer[]) and (cardinality($8::text[]) = 0 or type = any ($8)) as mine from {schema}.event
    where (transaction, id) > ($1, $2) and recorded_at >= $3
      and transaction < pg_snapshot_xmin(pg_current_snapshot())
    order by transaction, id
    limit $7
  ) as scanned
) as shares
where mine or is_last
order by transaction, id
limit $6 + 1

-- name: EventHead
-- The last fact that can be read.
select transaction, id from {schema}.event
where transaction < pg_snapshot_xmin(pg_current_snapshot()) and recorded_at > now() - interval '1 day'
order by transaction desc, id desc
limit 1

-- name: EventRetention
-- Up to where facts have been dropped.
select transaction, id from {schema}.event_retention

-- name: MaintainEvents
-- Partitions for $1 days ahead; those older than $2 days go.
select created, dropped from {schema}.event_maintain($1::integer, $2::integer)
