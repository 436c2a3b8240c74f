-- A key of calls under way that is the call alone; its id derives from the tenant's.
--
-- Why: this table holds few rows that live and, between two vacuums or while somebody holds a snapshot, many that do not.
-- The planner counts the former, takes a look through all of a tenant's entries for the cheapest way to a few calls, and
-- walks through all of the latter. This leaves it no such way.

alter table under_way drop constraint under_way_pkey, add primary key (call_id);

-- Nothing is ever looked for by these: counting what is in them was most of what counting the tables costs.
alter table under_way alter column permit set statistics 0;
alter table settled alter column permit set statistics 0;
alter table task alter column lead set statistics 0, alter column numbers set statistics 0;
