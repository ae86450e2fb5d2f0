-- What a link of admin_invitations is for: the first administrator, one more, or a new password.
alter table admin_invitations
  add column purpose text not null default 'invitation'
    check (purpose in ('first', 'invitation', 'reset'));
create index admin_invitations_open on admin_invitations (created_at)
  where accepted_at is null and revoked_at is null;
