-- name: InsertEndpoint
insert into webhook_endpoint (tenant_id, endpoint_id, url, secret, kinds, next_attempt_at, created_at)
values ($1, $2, $3, $4, $5, $6, $6)
returning endpoint_id, url, kinds, state, last_sequence, acknowledged, attempts, last_error, failing_since,
  next_attempt_at, created_at;

-- name: CountEndpoints
select count(*) as endpoints from webhook_endpoint where tenant_id = $1;

-- name: EndpointByID
select endpoint_id, url, kinds, state, last_sequence, acknowledged, attempts, last_error, failing_since,
  next_attempt_at, created_at
from webhook_endpoint where tenant_id = $1 and endpoint_id = $2;

-- name: EndpointsPage
select endpoint_id, url, kinds, state, last_sequence, acknowledged, attempts, last_error, failing_since,
  next_attempt_at, created_at
from webhook_endpoint where tenant_id = $1 and endpoint_id > $2 order by endpoint_id limit $3;

-- name: DeleteEndpoint
delete from webhook_endpoint where tenant_id = $1 and endpoint_id = $2;

-- name: LockEndpoints
-- The tenant's endpoints, in one order everywhere; their sequences are this transaction's until it ends.
select endpoint_id, kinds, last_sequence from webhook_endpoint where tenant_id = $1 order by endpoint_id for update;

-- name: InsertMessages
insert into webhook_message (tenant_id, endpoint_id, sequence, message_id, kind, body, occurred_at, made_at)
select $1, $2, new.sequence, new.message_id, new.kind, new.body, new.occurred_at, $8
from unnest($3::bigint[], $4::uuid[], $5::text[], $6::bytea[], $7::timestamptz[])
  as new (sequence, message_id, kind, body, occurred_at);

-- name: SaveSequence
update webhook_endpoint set last_sequence = $3 where tenant_id = $1 and endpoint_id = $2;

-- name: ClaimEndpoint
-- Gives instance $2 for interval $3 one endpoint, of any tenant, that something is due to be sent to at $1 and that no
-- other instance sends to.
with due as (
  select tenant_id, endpoint_id from webhook_endpoint
  where state = 'active' and acknowledged < last_sequence and next_attempt_at <= $1
    and (lease_until is null or lease_until < now())
  order by next_attempt_at limit 1 for update skip locked
)
update webhook_endpoint e set lease_owner = $2, lease_until = now() + $3
from due where e.tenant_id = due.tenant_id and e.endpoint_id = due.endpoint_id
returning e.tenant_id, e.endpoint_id, e.url, e.secret, e.acknowledged, e.attempts, e.failing_since;

-- name: MessagesAfter
select sequence, message_id, kind, body, occurred_at from webhook_message
where tenant_id = $1 and endpoint_id = $2 and sequence > $3 order by sequence limit $4;

-- name: Acknowledge
-- Message $4 was taken, the one after the last; the lease goes on for interval $5. Touches nothing when the endpoint is not
-- the instance's any more, or was set back to be sent again.
update webhook_endpoint set acknowledged = $4, attempts = 0, last_error = '', failing_since = null,
  lease_until = now() + $5
where tenant_id = $1 and endpoint_id = $2 and lease_owner = $3 and acknowledged = $4 - 1;

-- name: SaveFailure
-- An attempt failed at $6: the next is at $5; state $7 ends it.
update webhook_endpoint set attempts = attempts + 1, last_error = $4, next_attempt_at = $5,
  failing_since = coalesce(failing_since, $6), state = $7, lease_owner = null, lease_until = null
where tenant_id = $1 and endpoint_id = $2 and lease_owner = $3;

-- name: ReleaseEndpoint
update webhook_endpoint set lease_owner = null, lease_until = null, next_attempt_at = $4
where tenant_id = $1 and endpoint_id = $2 and lease_owner = $3;

-- name: OldestMessage
select min(sequence) as sequence from webhook_message where tenant_id = $1 and endpoint_id = $2;

-- name: Replay
-- Sends again what comes after message $3, whoever is at it.
update webhook_endpoint set acknowledged = $3, state = 'active', attempts = 0, last_error = '', failing_since = null,
  next_attempt_at = $4, lease_owner = null, lease_until = null
where tenant_id = $1 and endpoint_id = $2
returning endpoint_id, url, kinds, state, last_sequence, acknowledged, attempts, last_error, failing_since,
  next_attempt_at, created_at;

-- name: ForgetMessages
-- Drops up to $2 messages made before $1, of any tenant, that were acknowledged.
delete from webhook_message m using (
  select m.tenant_id, m.endpoint_id, m.sequence from webhook_message m
  join webhook_endpoint e using (tenant_id, endpoint_id)
  where m.made_at < $1 and m.sequence <= e.acknowledged limit $2
) as old
where m.tenant_id = old.tenant_id and m.endpoint_id = old.endpoint_id and m.sequence = old.sequence;
