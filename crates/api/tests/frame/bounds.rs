//! Every bound that the model sets on a served input is kept.
//!
//! Promise: the table comes from the model (`tests/bounds/*.json`, generated), so a bound can't be forgotten.

use std::collections::BTreeSet;

use api::ivs::Operation;
use serde_json::Value;

use crate::fake::ask;
use crate::signer::Signer;

fn cases() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../bounds/ivs.json")).expect("the table is JSON");
    file["cases"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn each_modelled_bound_is_kept_and_its_member_named() {
    for case in cases() {
        let text = |name: &str| case[name].as_str().expect("a text");
        let body = case["body"].to_string();
        let answer = ask(Signer::default().sign(text("method"), text("uri"), &body)).await;
        assert_eq!(answer.outcome(), (400, "ValidationException"), "{case}");
        let expected =
            format!(" at '{}' failed to satisfy constraint: {}", text("member"), text("constraint"));
        assert!(answer.text().contains(&expected), "{case}\n{}", answer.text());
    }
}

#[test]
fn the_table_covers_every_served_operation() {
    let covered: BTreeSet<String> = cases().iter().map(|case| case["operation"].to_string()).collect();
    for operation in Operation::ALL {
        let name = operation.route().name;
        assert!(covered.contains(&format!("{name:?}")), "{name}");
    }
}
