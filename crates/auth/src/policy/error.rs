//! Why a policy is refused.
//!
//! Promise: every refusal names the statement (by its Sid, else by its number) and the member, and says what
//! would be right; a policy holds no secrets, so its own words may be repeated.

use super::{Named, keys};

/// Why a text is not a policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`super::Policy::MAX_BYTES`].
    #[error("the policy has {bytes} bytes; {} are allowed", super::Policy::MAX_BYTES)]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Not JSON, or a member stands twice in one object.
    #[error("the policy is not valid JSON")]
    NotJson(#[source] serde_json::Error),
    /// Something is wrong outside the statements.
    #[error("{member}: {fault}")]
    Document {
        /// The member of the document.
        member: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Something is wrong in a statement.
    #[error("{statement}, {member}: {fault}")]
    Statement {
        /// Which one.
        statement: Named,
        /// The member of the statement; within a condition, the operator and the key too.
        member: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A value of another kind of JSON.
    #[error("must be {0}")]
    MustBe(&'static str),
    /// A member that is needed is not there.
    #[error("is missing")]
    Missing,
    /// A member that policies do not have.
    #[error("is unknown here; known are {0}")]
    UnknownMember(&'static str),
    /// `Principal` or `NotPrincipal`.
    #[error("cannot stand in the policy of an access key, whose holder is the principal")]
    Principal,
    /// A member stands beside its opposite.
    #[error("cannot stand beside {0}")]
    Beside(&'static str),
    /// A list without an element.
    #[error("must have at least one value")]
    Empty,
    /// A list beyond its bound.
    #[error("has {have} elements; {allowed} are allowed")]
    TooMany {
        /// How many there are.
        have: usize,
        /// The bound.
        allowed: usize,
    },
    /// Two statements of one name.
    #[error("an earlier statement has the same Sid")]
    SameSid,
    /// An action that is not `*` and not `service:Name`.
    #[error("\"{0}\" must be \"*\", or a service, a colon and the name of an action: ivs:Get*")]
    Action(String),
    /// A resource that is not `*` and no ARN.
    #[error("\"{0}\" must be \"*\" or an ARN: arn:aws:ivs:*:*:channel/*")]
    Resource(String),
    /// A variable in the part of an ARN that must be fixed.
    #[error("\"{0}\" has a variable before the fifth colon of the ARN, where it cannot stand")]
    EarlyVariable(String),
    /// A `${` without an end or without a name.
    #[error("\"{0}\" has a variable that is not of the form ${{key}} or ${{key, 'default'}}")]
    Variable(String),
    /// A key with several values, used as a variable.
    #[error("{0} may have several values and cannot be a variable")]
    ManyValuedVariable(String),
    /// A condition operator that does not exist.
    #[error("is not a condition operator that is known here")]
    UnknownOperator,
    /// A condition key that these services do not provide.
    #[error("{0} is not a condition key of these services; they are {known}", known = keys::known())]
    UnknownKey(String),
    /// A condition key stands twice under one operator, in different spellings.
    #[error("stands twice under this operator")]
    SameKey,
    /// An operator for values of another kind.
    #[error("this operator cannot compare {0}")]
    Mismatch(&'static str),
    /// A key with several values under an operator for one.
    #[error("may have several values: put ForAllValues: or ForAnyValue: before the operator")]
    NeedsSet,
    /// A value that the operator cannot compare with.
    #[error("\"{value}\" is not {what}")]
    Value {
        /// The value as written.
        value: String,
        /// What it should be.
        what: &'static str,
    },
}
