-- A key of calls under way that is the call alone; its id derives from the tenant's.
--
-- Why: this table holds few rows that live and, between two vacuums or while somebody holds a snapshot, many that do not.
-- The planner counts the former, takes a look through all of a tenant's entries for the cheapest way to a few calls, and
-- walks through all of the latter. This leaves it no such way.

alter table under_way drop constraint under_way_pkey, add primary key (call_id);
