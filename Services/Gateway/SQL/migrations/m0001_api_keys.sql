-- Keys of the REST API. Only their hashes are kept: a copy of this table opens nothing.
create table api_key (
  tenant_id uuid not null,
  key_id uuid not null,
  name text not null,
  key_sha256 bytea not null check (length(key_sha256) = 32),
  created_at timestamptz not null,
  primary key (tenant_id, key_id)
);

-- Found before its tenant is known, so this one index spans tenants.
create unique index api_key_by_hash on api_key (key_sha256);
