-- One index serves readers and keeps an event's place its own; nobody looks for a tenant's events.
alter table event drop constraint event_pkey, add primary key (transaction, id, recorded_at);
drop index event_order;
