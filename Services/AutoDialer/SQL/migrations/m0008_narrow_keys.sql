-- Keys that begin with what is narrowest.
--
-- Why: these tables hold few rows that live and, between two vacuums or while somebody holds a snapshot, many that do not.
-- The planner counts the former, takes a look through all of a tenant's entries for the cheapest way to a few calls, and
-- walks through all of the latter. An index of the call alone leaves it no such way; its id derives from the tenant's.

alter table under_way drop constraint under_way_pkey, add primary key (call_id);

drop index scheduled_call_waiting;
create unique index scheduled_call_waiting on scheduled_call (lead_id, campaign_id, tenant_id) where state = 'scheduled';
