//! The life of an organization. What is not given here, the SDK sends as null.

use crate::{show, Given};
use serde_json::json;
use stytch::b2b::client::Client;
use stytch::b2b::organizations::{
    CreateRequest, DeleteRequest, GetRequest, SearchQuery, SearchQueryOperator, SearchRequest,
    UpdateRequest,
};

pub async fn live(client: &Client, given: &Given) -> stytch::Result<()> {
    let api = &client.organizations;
    let slug = given.text("slug");
    let get = |reference: &str| GetRequest { organization_id: reference.to_string() };

    let create = CreateRequest {
        organization_name: "Rust Works".to_string(),
        organization_slug: Some(slug.clone()),
        organization_external_id: Some(format!("crm|{slug}")),
        trusted_metadata: Some(json!({ "tier": "gold" })),
        sso_jit_provisioning: Some("NOT_ALLOWED".to_string()),
        email_invites: Some("RESTRICTED".to_string()),
        email_allowed_domains: Some(vec!["rust.test".to_string()]),
        ..Default::default()
    };
    let created = show("create", api.create(create).await)?;
    let organization_id = created.organization.organization_id;
    show("get by id", api.get(get(&organization_id)).await)?;
    show("get by slug", api.get(get(&slug)).await)?;

    let update = UpdateRequest {
        organization_id: organization_id.clone(),
        organization_name: Some("Ferris & Söhne".to_string()),
        ..Default::default()
    };
    show("update", api.update(update).await)?;
    let emptied = UpdateRequest {
        organization_id: organization_id.clone(),
        email_invites: Some("ALL_ALLOWED".to_string()),
        email_allowed_domains: Some(vec![]),
        ..Default::default()
    };
    show("update with an empty list", api.update(emptied).await)?;
    show("get afterwards", api.get(get(&organization_id)).await)?;

    let operand = json!({ "filter_name": "organization_slugs", "filter_value": [slug] });
    let search = SearchRequest {
        query: Some(SearchQuery { operator: SearchQueryOperator::AND, operands: vec![operand] }),
        ..Default::default()
    };
    show("search", api.search(search.clone()).await)?;
    let delete = DeleteRequest { organization_id: organization_id.clone() };
    show("delete", api.delete(delete).await)?;
    show("get the deleted", api.get(get(&organization_id)).await).ok();
    show("search the deleted", api.search(search).await)?;
    Ok(())
}
