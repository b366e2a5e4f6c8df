//! How SQLite goes about a statement, for tests.
//!
//! Promise: what a statement's test says of its steps is what SQLite says of them.

use crate::Store;
use crate::database::Value;

/// The steps of a statement, one a line, on an empty database. Values matter nothing to a plan.
pub(crate) async fn plan(sql: &str) -> String {
    let store = Store::in_memory().await.expect("an empty database");
    let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
    let rows = store.database.fetch("a plan", sql, &[Value::Integer(1); 11]).await.expect("a plan");
    let steps: Vec<_> = rows.iter().map(|row| row.text(3).expect("a step")).collect();
    steps.join("\n")
}

/// One step that looks something up in this index by these columns, and nothing that sorts or walks a table.
pub(crate) async fn searches(sql: &str, wanted: &str) {
    let plan = plan(sql).await;
    assert!(plan.contains(wanted), "{sql}: {plan}");
    assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{sql}: {plan}");
}
