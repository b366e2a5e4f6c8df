//! Who stands behind a proven call.
//!
//! Promise: holds names only, nothing secret; it may be logged.

use domain::AccountId;

/// The holder of an access key whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The account that the key belongs to.
    pub account: AccountId,
    /// The public half of the key, as in the signature's credential.
    pub access_key_id: String,
    /// What the holder is called: the last part of [`Self::arn`], and `aws:username` in a policy.
    pub name: String,
}

impl Principal {
    /// The holder as an IAM user, in AWS's form: `arn:aws:iam::<account>:user/<name>`.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:user/{}", self.account, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_has_the_arn_of_an_iam_user() {
        let account = AccountId::parse("123456789012").expect("twelve digits");
        let principal = Principal { account, access_key_id: "AKID".to_owned(), name: "backend".to_owned() };
        assert_eq!(principal.arn(), "arn:aws:iam::123456789012:user/backend");
    }
}
