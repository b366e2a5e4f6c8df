//! Where credentials come from.

use std::collections::HashMap;

use auth::sigv4::Claim;
use outbound::{Chain, Credentials, OutboundError};
use testkit::{Answerer, Reply};

use crate::{call, outbound};

fn chain(environment: &[(&str, &str)]) -> Chain {
    let mut variables: HashMap<String, String> =
        environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    // No test asks the machine that it runs on for a role: nobody listens on port 9.
    variables
        .entry("AWS_EC2_METADATA_SERVICE_ENDPOINT".to_owned())
        .or_insert("http://127.0.0.1:9".to_owned());
    Chain { environment: variables, ..Chain::default() }
}

/// The id of the key that a call was signed with.
async fn signer(chain: Chain) -> Result<String, OutboundError> {
    let endpoint = Answerer::start(|_| Reply::Wire(Reply::json(200, "{}"))).await;
    let url = endpoint.url("/");
    outbound(Credentials::Chain(chain)).signed(call(&url)).await?;
    let claim = Claim::parse(&endpoint.asked()[0].head).expect("a claim");
    Ok(claim.access_key_id().to_owned())
}

#[tokio::test]
async fn variables_go_before_the_profile() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join(".aws")).expect("a folder");
    let profile = "[default]\naws_access_key_id = AKPROFILE\naws_secret_access_key = s\n\
                   [other]\naws_access_key_id = AKOTHER\naws_secret_access_key = s\n";
    std::fs::write(home.path().join(".aws/credentials"), profile).expect("written");
    let at_home = |chain: Chain| Chain { home: Some(home.path().to_owned()), ..chain };
    let variables = [("AWS_ACCESS_KEY_ID", "AKVARIABLE"), ("AWS_SECRET_ACCESS_KEY", "s")];
    assert_eq!(signer(at_home(chain(&variables))).await.expect("keys"), "AKVARIABLE");
    assert_eq!(signer(at_home(chain(&[]))).await.expect("keys"), "AKPROFILE");
    let other = Chain { profile: Some("other".to_owned()), ..at_home(chain(&[])) };
    assert_eq!(signer(other).await.expect("keys"), "AKOTHER");
    let named = at_home(chain(&[("AWS_PROFILE", "other")]));
    assert_eq!(signer(named).await.expect("keys"), "AKOTHER");
}

#[tokio::test]
async fn a_containers_role_is_asked_for_once() {
    let role =
        r#"{"AccessKeyId":"AKROLE","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#;
    let service = Answerer::start(|_| Reply::Wire(Reply::json(200, role))).await;
    let uri = service.url("/role");
    let outbound = outbound(Credentials::Chain(chain(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)])));
    let endpoint = Answerer::start(|_| Reply::Wire(Reply::json(200, "{}"))).await;
    let url = endpoint.url("/");
    for _ in 0..10 {
        outbound.signed(call(&url)).await.expect("an answer");
    }
    let headers = &endpoint.asked()[9].head.headers;
    assert_eq!(headers["x-amz-security-token"], "t");
    assert!(headers["authorization"].to_str().expect("text").contains("AKROLE/"));
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn without_credentials_nothing_is_called() {
    let endpoint = Answerer::start(|_| Reply::Wire(Reply::json(200, "{}"))).await;
    let url = endpoint.url("/");
    for credentials in [Credentials::None, Credentials::Chain(chain(&[]))] {
        let error = outbound(credentials).signed(call(&url)).await.expect_err("no keys");
        assert!(matches!(error, OutboundError::NoCredentials), "{error:?}");
    }
    assert_eq!(endpoint.asked().len(), 0);
}
