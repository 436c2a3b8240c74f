-- Payloads are short, or many leads together: squeezing what does not fit into a page took more time of the processor than
-- the disk is worth that it spared until the event was dropped.
alter table event alter column payload set storage external;

do $$
declare
  part regclass;
begin
  for part in select inhrelid::regclass from pg_inherits where inhparent = 'event'::regclass loop
    execute format('alter table %s alter column payload set storage external', part);
  end loop;
end $$;
