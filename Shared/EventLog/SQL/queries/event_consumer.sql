-- name: OpenShares
-- A cursor and a lease for each of the $3 shares of source $1 that consumer $2 reads.
with shares as (
  select share::integer from generate_series(0, $3::integer - 1) as share
), cursors as (
  insert into {schema}.event_cursor (source, consumer, partition, partitions)
  select $1, $2, share, $3 from shares
  on conflict do nothing
)
insert into {schema}.event_lease (source, consumer, partition)
select $1, $2, share from shares
on conflict do nothing

-- name: CountShares
-- Into how many shares consumer $2 of source $1 was divided when it began.
select max(partitions) as partitions from {schema}.event_cursor where source = $1 and consumer = $2

-- name: ReadCursors
-- How far consumer $2 has read the shares $3 of source $1.
select partition, transaction, id, recorded_at from {schema}.event_cursor
where source = $1 and consumer = $2 and partition = any ($3::integer[])

-- name: MoveCursors
-- Moves those of the shares $3 from ($4, $5), where they must still stand, to ($6, $7). The rows stay locked until the
-- effects are committed.
update {schema}.event_cursor c
set transaction = $6, id = $7, recorded_at = $8, moved_at = now()
from unnest($3::integer[], $4::xid8[], $5::bigint[]) as stands (partition, transaction, id)
where c.source = $1 and c.consumer = $2 and c.partition = stands.partition
  and c.transaction = stands.transaction and c.id = stands.id

-- name: JoinConsumer
-- Instance $3 is there for the next interval $4.
insert into {schema}.event_instance (source, consumer, owner, expires_at)
values ($1, $2, $3, now() + $4)
on conflict (source, consumer, owner) do update set expires_at = excluded.expires_at

-- name: ForgetInstances
-- Instances that are gone.
delete from {schema}.event_instance
where (source, consumer, owner) in (
  select source, consumer, owner from {schema}.event_instance
  where source = $1 and consumer = $2 and expires_at <= now()
  for update skip locked
)

-- name: ListInstances
-- The instances that are there, in an order that all of them see.
select owner from {schema}.event_instance where source = $1 and consumer = $2 and expires_at > now() order by owner

-- name: RenewLeases
-- Keeps the shares of instance $3 for the next interval $4. What had expired meanwhile stays lost.
update {schema}.event_lease set expires_at = now() + $4
where source = $1 and consumer = $2 and owner = $3 and expires_at > now()
returning partition

-- name: ClaimLeases
-- Gives instance $3 up to $5 shares that nobody has.
with free as (
  select partition from {schema}.event_lease
  where source = $1 and consumer = $2 and (owner is null or expires_at <= now())
  order by partition
  limit $5 for update skip locked
)
update {schema}.event_lease l set owner = $3, expires_at = now() + $4
from free where l.source = $1 and l.consumer = $2 and l.partition = free.partition
returning l.partition

-- name: ReleaseLeases
-- Instance $3 gives the shares $4 back.
update {schema}.event_lease set owner = null, expires_at = null
where source = $1 and consumer = $2 and owner = $3 and partition = any ($4)

-- name: LeaveConsumer
-- Instance $3 is gone.
delete from {schema}.event_instance where source = $1 and consumer = $2 and owner = $3
