//! A login, and the session that comes of it.

use crate::{show, Given};
use serde_json::json;
use stytch::b2b::client::Client;
use stytch::b2b::sessions::{
    AuthenticateRequest, AuthorizationCheck, GetJWKSRequest, GetRequest, RevokeRequest,
};
use stytch::b2b::sso;
use stytch::consumer::m2m::AuthenticateTokenRequest;

/// Redeems the token with which the browser came back, and tries it once more.
pub async fn login(client: &Client, given: &Given) -> stytch::Result<()> {
    let request = sso::AuthenticateRequest {
        sso_token: given.text("sso_token"),
        session_duration_minutes: Some(60),
        session_custom_claims: Some(json!({ "plan": "pro", "scope": "read:documents" })),
        ..Default::default()
    };
    show("authenticate", client.sso.authenticate(request.clone()).await)?;
    show("authenticate again", client.sso.authenticate(request).await).ok();
    Ok(())
}

pub async fn session(client: &Client, given: &Given) -> stytch::Result<()> {
    let by_token = AuthenticateRequest {
        session_token: Some(given.text("session_token")),
        session_duration_minutes: Some(90),
        ..Default::default()
    };
    let by_jwt =
        AuthenticateRequest { session_jwt: Some(given.text("session_jwt")), ..Default::default() };
    show("authenticate by token", client.sessions.authenticate(by_token).await)?;
    show("authenticate by jwt", client.sessions.authenticate(by_jwt).await)?;
    let get = GetRequest {
        organization_id: given.text("organization_id"),
        member_id: given.text("member_id"),
    };
    show("get", client.sessions.get(get).await)?;
    let keys = GetJWKSRequest { project_id: given.text("project_id") };
    show("get jwks", client.sessions.get_jwks(keys).await)?;
    Ok(())
}

/// Whether the member may do something, as the server says.
pub async fn permissions(client: &Client, given: &Given) -> stytch::Result<()> {
    let check = |organization_id: &str, resource_id: &str| AuthenticateRequest {
        session_token: Some(given.text("session_token")),
        authorization_check: Some(AuthorizationCheck {
            organization_id: organization_id.to_string(),
            resource_id: resource_id.to_string(),
            action: "update".to_string(),
        }),
        ..Default::default()
    };
    let own = given.text("organization_id");
    show("own data", client.sessions.authenticate(check(&own, "stytch.self")).await)?;
    show("connections", client.sessions.authenticate(check(&own, "stytch.sso")).await).ok();
    let other = given.text("other_organization_id");
    show("elsewhere", client.sessions.authenticate(check(&other, "stytch.self")).await).ok();
    Ok(())
}

/// The SDK checks JWTs by itself only as tokens of machines: it fetches the JWKS, then wants the right signature,
/// issuer, audience and time, and the claim `scope`, which the login above put into the session.
pub async fn jwt(client: &Client, given: &Given) {
    let request = |jwt: String, scope: &str| AuthenticateTokenRequest {
        access_token: jwt,
        required_scopes: Some(vec![scope.to_string()]),
        max_token_age_seconds: Some(300),
        ..Default::default()
    };
    let good = given.text("session_jwt");
    let api = &client.m2m;
    let read = "read:documents";
    show("check", api.authenticate_token(request(good.clone(), read)).await).ok();
    show("check another scope", api.authenticate_token(request(good, "write:documents")).await)
        .ok();
    let forged = request(given.text("forged_jwt"), read);
    show("check a forged one", api.authenticate_token(forged).await).ok();
}

pub async fn revoke(client: &Client, given: &Given) -> stytch::Result<()> {
    let session_token = Some(given.text("session_token"));
    let by_token =
        AuthenticateRequest { session_token: session_token.clone(), ..Default::default() };
    let by_jwt =
        AuthenticateRequest { session_jwt: Some(given.text("session_jwt")), ..Default::default() };
    let revoke = RevokeRequest { session_token, ..Default::default() };
    show("revoke", client.sessions.revoke(revoke).await)?;
    show("authenticate by token", client.sessions.authenticate(by_token).await).ok();
    show("authenticate by jwt", client.sessions.authenticate(by_jwt).await).ok();
    let get = GetRequest {
        organization_id: given.text("organization_id"),
        member_id: given.text("member_id"),
    };
    show("get", client.sessions.get(get).await)?;
    Ok(())
}
