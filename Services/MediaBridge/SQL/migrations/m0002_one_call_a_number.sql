-- A provider's call belongs to one call of ours, of whatever tenant. A call in doubt is looked for by its two numbers, so
-- nobody may be on the way to the same person at that time; and nobody wants to be rung up twice at once.
drop index call_by_provider_id;
create unique index call_by_provider_id on call (provider, provider_call_id) where provider_call_id is not null;
create unique index call_under_way on call (to_number) where ended_at is null;
