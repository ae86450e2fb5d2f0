-- A login that somebody tried the connection with ends as passed: it never was a token.
alter table sso_flows
  drop constraint sso_flows_state_check,
  add constraint sso_flows_state_check
    check (state in ('started', 'verified', 'redeemed', 'failed', 'passed')),
  add constraint sso_flows_tests_have_no_token
    check (tested_by is null or (token_hash is null and state <> 'redeemed'));

create index trace_links_expiry on trace_links (expires_at);
create index trace_links_flow on trace_links (project_id, flow_id, trace_link_id);
