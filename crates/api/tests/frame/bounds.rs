//! Every bound that the model sets on a served input is kept.
//!
//! Promise: the table comes from the model (`tests/bounds/*.json`, generated), so a bound can't be forgotten.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fake::{ask, served};
use crate::signer::Signer;

fn cases() -> Vec<(&'static str, Value)> {
    let tables =
        [("ivs", include_str!("../bounds/ivs.json")), ("ivschat", include_str!("../bounds/ivschat.json"))];
    let cases = tables.into_iter().flat_map(|(service, table)| {
        let file: Value = serde_json::from_str(table).expect("the table is JSON");
        let cases = file["cases"].as_array().expect("a list").clone();
        cases.into_iter().map(move |case| (service, case))
    });
    cases.collect()
}

#[tokio::test]
async fn each_modelled_bound_is_kept_and_its_member_named() {
    for (service, case) in cases() {
        let text = |name: &str| case[name].as_str().expect("a text");
        let body = case["body"].to_string();
        let answer = ask(Signer::of(service).sign(text("method"), text("uri"), &body)).await;
        assert_eq!(answer.outcome(), (400, "ValidationException"), "{case}");
        let expected =
            format!(" at '{}' failed to satisfy constraint: {}", text("member"), text("constraint"));
        assert!(answer.text().contains(&expected), "{case}\n{}", answer.text());
    }
}

#[test]
fn the_table_covers_every_served_operation() {
    let name = |(service, case): &(&'static str, Value)| (*service, case["operation"].to_string());
    let covered: BTreeSet<_> = cases().iter().map(name).collect();
    for (service, route) in served() {
        assert!(covered.contains(&(service, format!("{:?}", route.name))), "{service} {}", route.name);
    }
}
