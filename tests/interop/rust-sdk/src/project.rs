//! Who the SDK is, what roles there are, and what is refused to everybody.

use crate::{show, Given};
use stytch::b2b::client::Client;
use stytch::b2b::organizations::GetRequest;
use stytch::b2b::rbac::PolicyRequest;
use stytch::b2b::rbac_organizations::GetOrgPolicyRequest;
use stytch::consumer::debug::WhoamiRequest;

pub async fn project(client: &Client, given: &Given) {
    show("whoami", client.debug.whoami(WhoamiRequest {}).await).ok();
    show("policy", client.rbac.policy(PolicyRequest {}).await).ok();
    let own = GetOrgPolicyRequest { organization_id: given.text("organization_id") };
    show("organization policy", client.rbac.organizations.get_org_policy(own).await).ok();
    let unknown = GetRequest { organization_id: given.text("unknown_organization_id") };
    show("unknown organization", client.organizations.get(unknown).await).ok();
}
