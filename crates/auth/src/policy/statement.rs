//! One statement: whom it is about, and whether it speaks of a request.
//!
//! Promise: a decision and its explanation go the same way, [`Statement::check`]; a statement with a variable
//! that has no value in the request says nothing of it (IAM User Guide, "Variables and tags").

use super::condition::{Condition, Unmet};
use super::context::Context;
use super::pattern::{Case, Pattern};
use super::variable::Variable;
use super::{Effect, Named, Question};

/// A statement of a policy.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) name: Named,
    pub(super) effect: Effect,
    pub(super) actions: Targets,
    pub(super) resources: Targets,
    pub(super) conditions: Box<[Condition]>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    /// The member's name.
    pub(super) member: &'static str,
    /// Whether the statement is about all that is *not* of these patterns.
    pub(super) negated: bool,
    /// What it lists.
    pub(super) patterns: Box<[Pattern]>,
    /// The variables in the patterns.
    pub(super) variables: Box<[Variable]>,
}

/// The first reason why a statement says nothing of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Miss<'a> {
    Action(&'a Targets),
    Resource(&'a Targets),
    Unresolved(&'a Variable),
    Condition(&'a Condition),
}

impl Statement {
    /// Whether the statement speaks of what is asked.
    pub(super) fn check(&self, question: &Question<'_>) -> Result<(), Miss<'_>> {
        let Question { action, resource, context } = *question;
        if !self.actions.include(action, Case::Ignored, context) {
            return Err(Miss::Action(&self.actions));
        }
        if let Some(variable) = self.resources.variables.iter().find(|one| one.value(context).is_none()) {
            return Err(Miss::Unresolved(variable));
        }
        if !self.resources.include(resource, Case::Matters, context) {
            return Err(Miss::Resource(&self.resources));
        }
        self.conditions.iter().try_for_each(|condition| {
            condition.check(context).map_err(|unmet| match unmet {
                Unmet::Values => Miss::Condition(condition),
                Unmet::Unresolved(variable) => Miss::Unresolved(variable),
            })
        })
    }

    /// Whether it reads anything of the request's context, or only of the resource's tags.
    pub(super) fn reads(&self, only_resource_tags: bool) -> bool {
        let conditions = self.conditions.iter();
        let keys = conditions.clone().map(|condition| &condition.key);
        let variables =
            conditions.flat_map(|condition| &condition.variables).chain(&self.resources.variables);
        let mut all = keys.chain(variables.map(|variable| &variable.key));
        all.any(|key| !only_resource_tags || key.is_resource_tag())
    }
}

impl Targets {
    fn include(&self, text: &str, case: Case, context: &Context) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text, case, context)) != self.negated
    }
}
