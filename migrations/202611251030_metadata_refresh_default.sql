-- Keys are never replaced unasked: a refresh proposes what it found, until somebody switches it to automatic.
alter table sso_connections alter column metadata_refresh set default 'approve';
