-- The schema's facts, how far consumers here have read the facts of others, and which instance reads what.
--
-- Readers go through the log by (transaction, id), below the oldest transaction still open: identity numbers alone are
-- handed out before commit, so that a reader who sees 8 may later see 7 appear.

create table event (
  tenant_id uuid not null,
  -- The transaction that wrote it. Never wraps.
  transaction xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  key text not null,
  -- Stable hash of the key, 0 to 2^31 - 1: key_hash % n is the share of it among n consumers.
  key_hash integer not null check (key_hash >= 0),
  type text not null,
  payload bytea not null,
  -- Business time of what happened.
  occurred_at timestamptz not null,
  -- When the transaction that wrote it began.
  recorded_at timestamptz not null default now(),
  primary key (tenant_id, transaction, id, recorded_at)
) partition by range (recorded_at);

create index event_order on event (transaction, id);

-- Takes what no daily partition covers, when maintenance has not run for a week.
create table event_default partition of event default;

-- Up to where events have been dropped: a consumer that is further behind has missed some and must be told.
create table event_retention (
  only_row boolean primary key default true check (only_row),
  transaction xid8 not null default '0',
  id bigint not null default 0
);

insert into event_retention default values;

-- How far a consumer of this schema has read a share of another's log. Moves in the transaction of the effects.
create table event_cursor (
  source text not null,
  consumer text not null,
  partition integer not null,
  partitions integer not null check (partition >= 0 and partition < partitions),
  transaction xid8 not null default '0',
  id bigint not null default 0,
  recorded_at timestamptz,
  moved_at timestamptz not null default now(),
  primary key (source, consumer, partition)
) with (fillfactor = 50);

-- Which instance reads a share. Spares work twice; that nothing takes effect twice is the cursor's doing.
create table event_lease (
  source text not null,
  consumer text not null,
  partition integer not null,
  owner uuid,
  expires_at timestamptz,
  primary key (source, consumer, partition)
) with (fillfactor = 50);

-- The instances that are there, so that each knows its fair number of shares.
create table event_instance (
  source text not null,
  consumer text not null,
  owner uuid not null,
  expires_at timestamptz not null,
  primary key (source, consumer, owner)
) with (fillfactor = 50);

-- Makes the partitions of the days to come and drops those older than `keep` days. The service's role may call it but
-- not change tables, hence "security definer". Waits for nobody for long: every writer would queue up behind it.
create function event_maintain(ahead integer, keep integer, out created integer, out dropped integer)
language plpgsql security definer
set search_path from current
set timezone to 'UTC'
set lock_timeout to '2s'
as $$
declare
  day date;
  part text;
  last record;
begin
  created := 0;
  dropped := 0;
  if not pg_try_advisory_xact_lock(hashtextextended('event_maintain ' || current_schema(), 0)) then
    return;
  end if;
  for offset_days in -1 .. ahead loop
    day := current_date + offset_days;
    part := 'event_' || to_char(day, 'YYYYMMDD');
    if to_regclass(part) is null then
      begin
        execute format(
          'create table %I partition of event for values from (%L) to (%L)', part, day::timestamptz,
          (day + 1)::timestamptz);
        created := created + 1;
      exception when check_violation then
        null;  -- The default partition has rows of that day already, and keeps the rest of it.
      end;
    end if;
  end loop;
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'event'::regclass and c.relname ~ '^event_[0-9]{8}$'
      and to_date(substr(c.relname, 7), 'YYYYMMDD') < current_date - keep
    order by c.relname
  loop
    execute format('select transaction, id from %I order by transaction desc, id desc limit 1', part) into last;
    if last.id is not null then
      update event_retention set transaction = last.transaction, id = last.id
      where (transaction, id) < (last.transaction, last.id);
    end if;
    execute format('drop table %I', part);
    dropped := dropped + 1;
  end loop;
  with gone as (
    delete from event_default where recorded_at < current_date - keep returning transaction, id
  ), latest as (
    select transaction, id from gone order by transaction desc, id desc limit 1
  )
  update event_retention r set transaction = latest.transaction, id = latest.id from latest
  where (r.transaction, r.id) < (latest.transaction, latest.id);
end
$$;

select event_maintain(7, 36500);
