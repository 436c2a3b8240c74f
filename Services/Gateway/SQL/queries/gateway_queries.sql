-- name: InsertKey
insert into api_key (tenant_id, key_id, name, key_sha256, created_at) values ($1, $2, $3, $4, $5)
on conflict (key_sha256) do nothing;

-- name: KeyByHash
select tenant_id, name from api_key where key_sha256 = $1;
