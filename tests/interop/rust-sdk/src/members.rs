//! The life of a member. What is not given here, the SDK sends as null.

use crate::{show, Given};
use serde_json::json;
use stytch::b2b::client::Client;
use stytch::b2b::organizations::{SearchQuery, SearchQueryOperator};
use stytch::b2b::organizations_members::{
    CreateRequest, DangerouslyGetRequest, DeleteRequest, GetRequest, ReactivateRequest,
    SearchRequest, UpdateRequest,
};

pub async fn live(client: &Client, given: &Given) -> stytch::Result<()> {
    let api = &client.organizations.members;
    let organization_id = given.text("organization_id");
    let email_address = "grace.hopper+navy@acme.test";

    let create = CreateRequest {
        organization_id: organization_id.clone(),
        email_address: email_address.to_string(),
        name: Some("Grace Hopper".to_string()),
        external_id: Some("crm|grace".to_string()),
        roles: Some(vec!["stytch_admin".to_string()]),
        untrusted_metadata: Some(json!({ "theme": "dark" })),
        ..Default::default()
    };
    let member_id = show("create", api.create(create).await)?.member_id;
    let by_id = GetRequest {
        organization_id: organization_id.clone(),
        member_id: Some(member_id.clone()),
        ..Default::default()
    };
    let by_email = GetRequest {
        organization_id: organization_id.clone(),
        email_address: Some(email_address.to_string()),
        ..Default::default()
    };
    show("get by id", api.get(by_id.clone()).await)?;
    show("get by e-mail", api.get(by_email).await)?;
    let anywhere = DangerouslyGetRequest { member_id: member_id.clone(), include_deleted: None };
    show("dangerously get", api.dangerously_get(anywhere).await)?;

    let update = UpdateRequest {
        organization_id: organization_id.clone(),
        member_id: member_id.clone(),
        name: Some("Rear Admiral Hopper".to_string()),
        ..Default::default()
    };
    show("update", api.update(update).await)?;
    show("get afterwards", api.get(by_id.clone()).await)?;
    let operand = json!({ "filter_name": "member_emails", "filter_value": [email_address] });
    let search = SearchRequest {
        organization_ids: vec![organization_id.clone()],
        query: Some(SearchQuery { operator: SearchQueryOperator::OR, operands: vec![operand] }),
        ..Default::default()
    };
    show("search", api.search(search).await)?;

    let leave = Given(json!({ "organization_id": organization_id, "member_id": member_id }));
    leave_and_return(client, &leave).await
}

/// A member is deleted, and reactivated: that is for members whose address is verified, by a login say.
pub async fn leave_and_return(client: &Client, given: &Given) -> stytch::Result<()> {
    let api = &client.organizations.members;
    let organization_id = given.text("organization_id");
    let member_id = given.text("member_id");
    let delete =
        DeleteRequest { organization_id: organization_id.clone(), member_id: member_id.clone() };
    show("delete", api.delete(delete).await)?;
    let gone = DangerouslyGetRequest { member_id: member_id.clone(), include_deleted: None };
    show("dangerously get the deleted", api.dangerously_get(gone).await).ok();
    let deleted =
        DangerouslyGetRequest { member_id: member_id.clone(), include_deleted: Some(true) };
    show("dangerously get with the deleted", api.dangerously_get(deleted).await)?;
    let reactivate = ReactivateRequest {
        organization_id: organization_id.clone(),
        member_id: member_id.clone(),
    };
    show("reactivate", api.reactivate(reactivate).await).ok();
    let by_id = GetRequest { organization_id, member_id: Some(member_id), email_address: None };
    show("get in the end", api.get(by_id).await).ok();
    Ok(())
}
