-- Sessions of the setup portal are deleted when they have expired.
create index setup_sessions_expiry on setup_sessions (expires_at);
