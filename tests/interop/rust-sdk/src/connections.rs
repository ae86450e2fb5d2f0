//! How an organization's identity provider is connected, over SAML and over OIDC.

use crate::{show, Given};
use serde_json::json;
use stytch::b2b::client::Client;
use stytch::b2b::sso::{
    DeleteConnectionRequest, GetConnectionsRequest, SAMLConnectionImplicitRoleAssignment,
};
use stytch::b2b::{sso_oidc as oidc, sso_saml as saml};

/// A connection of each kind, first with one identity provider, then with another one. Those two have a hyphen in
/// their names, which the SDK leaves out: microsoftentra, googleworkspace.
pub async fn connect(client: &Client, given: &Given) -> stytch::Result<()> {
    let organization_id = given.text("organization_id");
    let create = saml::CreateConnectionRequest {
        organization_id: organization_id.clone(),
        display_name: Some("Made in Rust".to_string()),
        identity_provider: Some(saml::CreateConnectionRequestIdentityProvider::Microsoftentra),
    };
    let created = show("create saml", client.sso.saml.create_connection(create).await)?;
    let connection_id = created.connection.unwrap_or_default().connection_id;
    let update = saml::UpdateConnectionRequest {
        organization_id: organization_id.clone(),
        connection_id: connection_id.clone(),
        attribute_mapping: Some(json!({ "email": "email", "full_name": "displayName" })),
        saml_connection_implicit_role_assignments: Some(vec![
            SAMLConnectionImplicitRoleAssignment { role_id: "stytch_admin".to_string() },
        ]),
        identity_provider: Some(saml::UpdateConnectionRequestIdentityProvider::Googleworkspace),
        ..Default::default()
    };
    show("update saml", client.sso.saml.update_connection(update).await)?;
    let by_url = saml::UpdateByURLRequest {
        organization_id: organization_id.clone(),
        connection_id,
        metadata_url: given.text("metadata_url"),
    };
    show("update saml by url", client.sso.saml.update_by_url(by_url).await)?;

    let create = oidc::CreateConnectionRequest {
        organization_id: organization_id.clone(),
        display_name: Some("Also made in Rust".to_string()),
        identity_provider: Some(oidc::CreateConnectionRequestIdentityProvider::Googleworkspace),
    };
    let created = show("create oidc", client.sso.oidc.create_connection(create).await)?;
    let connection_id = created.connection.unwrap_or_default().connection_id;
    let update = oidc::UpdateConnectionRequest {
        organization_id: organization_id.clone(),
        connection_id: connection_id.clone(),
        issuer: Some(given.text("issuer")),
        client_id: Some(given.text("client_id")),
        client_secret: Some(given.text("client_secret")),
        ..Default::default()
    };
    show("update oidc", client.sso.oidc.update_connection(update).await)?;
    let another = oidc::UpdateConnectionRequest {
        organization_id: organization_id.clone(),
        connection_id,
        identity_provider: Some(oidc::UpdateConnectionRequestIdentityProvider::Microsoftentra),
        ..Default::default()
    };
    show("update oidc again", client.sso.oidc.update_connection(another).await)?;
    let all = GetConnectionsRequest { organization_id };
    show("get connections", client.sso.get_connections(all).await)?;
    Ok(())
}

/// A certificate and a decryption key that are added to a SAML connection, and taken away again.
pub async fn rotate(client: &Client, given: &Given) -> stytch::Result<()> {
    let organization_id = given.text("organization_id");
    let connection_id = given.text("connection_id");
    let api = &client.sso.saml;
    let add = saml::UpdateConnectionRequest {
        organization_id: organization_id.clone(),
        connection_id: connection_id.clone(),
        x509_certificate: Some(given.text("certificate")),
        saml_encryption_private_key: Some(given.text("private_key")),
        ..Default::default()
    };
    let connection = show("add", api.update_connection(add).await)?.connection.unwrap_or_default();
    let newest = |certificate: &&stytch::b2b::sso::X509Certificate| {
        certificate.certificate.trim() == given.text("certificate").trim()
    };
    for certificate in connection.verification_certificates.iter().filter(newest) {
        let delete = saml::DeleteVerificationCertificateRequest {
            organization_id: organization_id.clone(),
            connection_id: connection_id.clone(),
            certificate_id: certificate.certificate_id.clone(),
        };
        let deleted = api.delete_verification_certificate(delete).await;
        show("delete verification certificate", deleted)?;
    }
    for key in connection.encryption_private_keys {
        let delete = saml::DeleteEncryptionPrivateKeyRequest {
            organization_id: organization_id.clone(),
            connection_id: connection_id.clone(),
            private_key_id: key.private_key_id,
        };
        let deleted = api.delete_encryption_private_key(delete).await;
        show("delete encryption private key", deleted)?;
    }
    let all = GetConnectionsRequest { organization_id };
    show("get connections", client.sso.get_connections(all).await)?;
    Ok(())
}

pub async fn disconnect(client: &Client, given: &Given) -> stytch::Result<()> {
    let organization_id = given.text("organization_id");
    let connection_id = given.text("connection_id");
    let delete =
        DeleteConnectionRequest { organization_id: organization_id.clone(), connection_id };
    show("delete connection", client.sso.delete_connection(delete.clone()).await)?;
    show("delete connection again", client.sso.delete_connection(delete).await).ok();
    let all = GetConnectionsRequest { organization_id };
    show("get connections", client.sso.get_connections(all).await)?;
    Ok(())
}
