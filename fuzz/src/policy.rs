//! IAM policies of any text, asked questions of any text.
//!
//! An input is a policy, then after a NUL the lines of a question: action, resource, and `key=value` as often
//! as wanted.
//!
//! Promise checked: nothing panics, a decision is what its explanation says, and a policy that claims to read
//! nothing of the context reads nothing.

use auth::policy::{Context, Decision, Effect, Policy, Question};

/// Reads `data` as a policy and a question, and checks the answer against its explanation.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (policy, question) = text.split_once('\0').unwrap_or((&text, ""));
    let mut lines = question.lines();
    let (action, resource) = (lines.next().unwrap_or("ivs:GetChannel"), lines.next().unwrap_or("*"));
    let context = read_context(lines);
    match Policy::parse(policy) {
        Ok(policy) => check(&policy, &Question { action, resource, context: &context }),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn read_context<'a>(lines: impl Iterator<Item = &'a str>) -> Context {
    let mut context = Context::default();
    for (key, value) in lines.filter_map(|line| line.split_once('=')) {
        context.add(key, value);
    }
    context
}

fn check(policy: &Policy, question: &Question<'_>) {
    let lines = policy.explain(question);
    let first = |effect| lines.iter().find(|line| line.effect == effect && line.obstacle.is_none());
    let wanted = match (first(Effect::Deny), first(Effect::Allow)) {
        (Some(deny), _) => Decision::Denied { statement: deny.statement.clone() },
        (None, Some(allow)) => Decision::Allowed { statement: allow.statement.clone() },
        (None, None) => Decision::Unmentioned,
    };
    assert_eq!(policy.decide(question), wanted);
    assert!(lines.iter().all(|line| !line.to_string().contains('\n')));
    if !policy.reads_context() {
        assert!(!policy.reads_resource_tags());
        assert_eq!(policy.decide(&Question { context: &Context::default(), ..*question }), wanted);
    }
}
