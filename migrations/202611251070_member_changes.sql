-- What a login did to its member, until the event about it is recorded.
alter table sso_flows
  add column member_change text check (member_change in ('create', 'update'));
create index sso_flows_member_change on sso_flows (redeemed_at) where member_change is not null;
