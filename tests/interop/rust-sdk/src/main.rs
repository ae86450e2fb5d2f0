//! The backend of an application that uses Stytch's official Rust SDK. Run as `rust-sdk SUBJECT GIVEN`, it makes the
//! calls of one subject with what it is given (JSON), and prints a line of JSON for each: what the SDK made of it.

mod connections;
mod members;
mod organizations;
mod project;
mod sessions;

use serde::Serialize;
use serde_json::{json, Value};
use std::env;
use stytch::b2b::client::Client;
use stytch::client::{Client as HttpClient, Vertical};
use stytch::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [subject, given] = arguments.as_slice() else {
        return Err("usage: rust-sdk SUBJECT GIVEN".into());
    };
    let given = Given(serde_json::from_str(given)?);
    let client = new_client()?;
    match subject.as_str() {
        "organizations" => organizations::live(&client, &given).await?,
        "members" => members::live(&client, &given).await?,
        "leave and return" => members::leave_and_return(&client, &given).await?,
        "connect" => connections::connect(&client, &given).await?,
        "rotate" => connections::rotate(&client, &given).await?,
        "disconnect" => connections::disconnect(&client, &given).await?,
        "login" => sessions::login(&client, &given).await?,
        "session" => sessions::session(&client, &given).await?,
        "permissions" => sessions::permissions(&client, &given).await?,
        "jwt" => sessions::jwt(&client, &given).await,
        "revoke" => sessions::revoke(&client, &given).await?,
        "project" => project::project(&client, &given).await,
        _ => return Err(format!("no subject {subject}").into()),
    }
    Ok(())
}

/// The SDK pointed at another server than Stytch's; this is all that an application changes.
fn new_client() -> Result<Client, Box<dyn std::error::Error>> {
    let project_id = env::var("STYTCH_PROJECT_ID")?;
    let secret = env::var("STYTCH_SECRET")?;
    let base_url = env::var("STYTCH_BASE_URL")?;
    let http_client = || -> Result<HttpClient, Box<dyn std::error::Error>> {
        let url = base_url.parse()?;
        Ok(HttpClient::new_with_base_url(&project_id, &secret, url, Vertical::B2B)?)
    };
    Ok(Client::new_with_http_client(http_client()?, http_client()?))
}

/// What the subject is about.
pub struct Given(pub Value);

impl Given {
    /// The text of this name; empty where there is none.
    pub fn text(&self, name: &str) -> String {
        self.0[name].as_str().unwrap_or_default().to_string()
    }
}

/// Prints what the SDK made of a call, and hands it on.
pub fn show<T: Serialize>(call: &str, outcome: stytch::Result<T>) -> stytch::Result<T> {
    let line = match &outcome {
        Ok(answer) => json!({ "call": call, "answer": answer }),
        Err(Error::Response(error)) => json!({ "call": call, "error": error }),
        Err(error) => json!({ "call": call, "failure": reasons(error) }),
    };
    println!("{line}");
    outcome
}

/// An error of the SDK that is no answer of the API, with what caused it.
fn reasons(error: &Error) -> Vec<String> {
    let mut reasons = vec![error.to_string()];
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reasons.push(cause.to_string());
        source = cause.source();
    }
    reasons
}
