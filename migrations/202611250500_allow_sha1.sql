-- Until when signatures that rest on SHA-1 are accepted of a connection's identity provider; null: never
-- (portcullis connection set).
alter table sso_connections add column allow_sha1_until timestamptz check (isfinite(allow_sha1_until));
