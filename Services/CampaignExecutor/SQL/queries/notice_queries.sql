-- name: InsertNotification
insert into notification (tenant_id, notification_id, campaign_id, kind, severity, for_admins, text, at)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: NotificationsPage
-- Older than notification $2 (ids ascend with time), only of campaign $3 unless it is null; $4 rows at most.
select notification_id, campaign_id, kind, severity, for_admins, text, at from notification
where tenant_id = $1 and notification_id < $2 and ($3::uuid is null or campaign_id = $3)
order by notification_id desc limit $4;

-- name: RememberBlock
-- Remembers that reason $3 holds up the campaign until $5, as seen at $4. Answers whether that is news.
with old as (
  select until from campaign_block where tenant_id = $1 and campaign_id = $2 and reason = $3
)
insert into campaign_block (tenant_id, campaign_id, reason, until) values ($1, $2, $3, $5)
on conflict (tenant_id, campaign_id, reason) do update set until = greatest(campaign_block.until, excluded.until)
returning coalesce((select until < $4 from old), true) as is_news;
