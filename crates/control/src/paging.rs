//! Page tokens: where the next page starts, sealed.
//!
//! Promise: only a token that this installation made for the same account, region, operation and filter
//! is taken; what it holds can't be read or made up by a caller. It never expires, and stays good while
//! resources come and go.

use api::ApiError;
use aws_lc_rs::{constant_time, hmac};
use store::{NewestRequest, PageRequest, Position, Tenant};

/// Bytes of a token's seal, and the most that a place in a list can have.
const SEAL: usize = 32;

/// Seals and opens page tokens (HMAC-SHA256).
#[derive(Clone)]
pub(crate) struct Tokens {
    key: hmac::Key,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

/// One list: a token of another one is refused.
pub(crate) struct List<'a> {
    /// The operation's name.
    pub(crate) operation: &'static str,
    /// Whose.
    pub(crate) tenant: &'a Tenant,
    /// What narrows the list: the filter, the channel. Must tell each from every other.
    pub(crate) about: &'a str,
}

impl Tokens {
    /// The secret's name in the store.
    pub(crate) const SECRET: &str = "page-tokens";

    pub(crate) fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// The stretch that the caller asks for; an absent or empty token is the beginning.
    pub(crate) fn request(
        &self,
        list: &List<'_>,
        next_token: Option<&str>,
        max_results: Option<i32>,
        default: u32,
    ) -> Result<PageRequest, ApiError> {
        let limit = limit(max_results, default);
        let after = self.place(list, next_token)?.map_or(Position::default(), position);
        Ok(PageRequest { after, limit })
    }

    /// The same of a list that runs from the newest backwards.
    pub(crate) fn newest(
        &self,
        list: &List<'_>,
        next_token: Option<&str>,
        max_results: Option<i32>,
        default: u32,
    ) -> Result<NewestRequest, ApiError> {
        let limit = limit(max_results, default);
        Ok(NewestRequest { before: self.place(list, next_token)?.map(position), limit })
    }

    pub(crate) fn seal(&self, list: &List<'_>, position: Position) -> String {
        self.seal_place(list, position.get().to_be_bytes())
    }

    /// The place behind which the caller wants to go on; an absent or empty token is none. For lists that
    /// are not kept in the store; those of one operation all have places of the same length.
    pub(crate) fn place<const N: usize>(
        &self,
        list: &List<'_>,
        next_token: Option<&str>,
    ) -> Result<Option<[u8; N]>, ApiError> {
        let open = |token| {
            let place = self.open(list, token);
            place.ok_or_else(|| ApiError::validation("nextToken: not a token of this list"))
        };
        next_token.filter(|token| !token.is_empty()).map(open).transpose()
    }

    /// Hexadecimal digits, which the model's alphabet for tokens has.
    pub(crate) fn seal_place<const N: usize>(&self, list: &List<'_>, plain: [u8; N]) -> String {
        let seal = self.mac(list, &plain);
        hex::encode([seal.as_slice(), &self.mask(&seal, plain)].concat())
    }

    /// Digits in upper case would mean the same bytes, but no such token was ever given out.
    fn open<const N: usize>(&self, list: &List<'_>, token: &str) -> Option<[u8; N]> {
        if token.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let bytes = hex::decode(token).ok()?;
        let (seal, masked) = bytes.split_first_chunk::<SEAL>()?;
        let plain = self.mask(seal, masked.try_into().ok()?);
        constant_time::verify_slices_are_equal(seal, &self.mac(list, &plain)).ok()?;
        Some(plain)
    }

    /// Binds a place to its list. None of the texts can hold a zero byte but the last, and what follows
    /// that one has a length that the operation fixes: no two lists are sealed alike.
    fn mac(&self, list: &List<'_>, plain: &[u8]) -> [u8; SEAL] {
        let Tenant { account, region } = list.tenant;
        let mut context = hmac::Context::with_key(&self.key);
        for text in ["seal", list.operation, account.as_str(), region.as_str(), list.about] {
            context.update(text.as_bytes());
            context.update(&[0]);
        }
        context.update(plain);
        fixed(&context.sign())
    }

    /// Hides the place, which would tell how many resources all accounts together have made; the same
    /// operation shows it again.
    fn mask<const N: usize>(&self, seal: &[u8; SEAL], bytes: [u8; N]) -> [u8; N] {
        const { assert!(N <= SEAL, "the mask is as long as a seal") };
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"mask\0");
        context.update(seal);
        let pad = fixed::<SEAL>(&context.sign());
        let mut masked = bytes;
        masked.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        masked
    }
}

/// How many the caller wants; the model has bounded it.
pub(crate) fn limit(max_results: Option<i32>, default: u32) -> u32 {
    max_results.and_then(|max| u32::try_from(max).ok()).unwrap_or(default).max(1)
}

fn position(plain: [u8; 8]) -> Position {
    Position::new(i64::from_be_bytes(plain))
}

fn fixed<const N: usize>(tag: &hmac::Tag) -> [u8; N] {
    tag.as_ref().try_into().expect("HMAC-SHA256 gives 32 bytes")
}

#[cfg(test)]
mod tests {
    use domain::{AccountId, Region};
    use proptest::prelude::*;

    use super::*;

    fn tenant(account: &str, region: &str) -> Tenant {
        Tenant {
            account: AccountId::parse(account).expect("twelve digits"),
            region: Region::parse(region).expect("a region name"),
        }
    }

    fn opened(tokens: &Tokens, list: &List<'_>, token: &str) -> Option<Position> {
        tokens.open(list, token).map(position)
    }

    #[test]
    fn a_place_of_another_length_is_not_taken() {
        let home = tenant("123456789012", "us-east-1");
        let list = List { operation: "ListStreams", tenant: &home, about: "" };
        let tokens = Tokens::new(&[7; 32]);
        let token = tokens.seal_place(&list, [3; 31]);
        assert_eq!(tokens.place(&list, Some(&token)).expect("its own token"), Some([3; 31]));
        assert!(tokens.place::<8>(&list, Some(&token)).is_err());
        assert!(tokens.place::<32>(&list, Some(&token)).is_err());
        assert_eq!(tokens.place::<31>(&list, Some("")).expect("no token"), None);
    }

    #[test]
    fn a_token_opens_for_its_own_list_alone() {
        let tokens = Tokens::new(&[7; 32]);
        let (home, other) = (tenant("123456789012", "us-east-1"), tenant("999999999999", "us-east-1"));
        let abroad = tenant("123456789012", "eu-west-1");
        let list = List { operation: "ListChannels", tenant: &home, about: "filterByName=a" };
        let token = tokens.seal(&list, Position::new(41));
        assert_eq!(opened(&tokens, &list, &token), Some(Position::new(41)));
        for list in [
            List { operation: "ListStreamKeys", ..list },
            List { tenant: &other, ..list },
            List { tenant: &abroad, ..list },
            List { about: "filterByName=b", ..list },
            List { about: "", ..list },
        ] {
            assert_eq!(opened(&tokens, &list, &token), None);
        }
        assert_eq!(opened(&Tokens::new(&[8; 32]), &list, &token), None, "another installation");
    }

    #[test]
    fn a_token_fits_the_models_alphabet_and_hides_its_position() {
        let home = tenant("123456789012", "us-east-1");
        let list = List { operation: "ListChannels", tenant: &home, about: "" };
        let tokens = Tokens::new(&[7; 32]);
        let token = tokens.seal(&list, Position::new(1));
        assert!(token.len() <= 1024 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(!token.ends_with("0000000000000001"));
        assert_eq!(token, tokens.seal(&list, Position::new(1)), "the same page has the same token");
    }

    #[test]
    fn a_token_in_upper_case_is_not_the_token() {
        let home = tenant("123456789012", "us-east-1");
        let list = List { operation: "ListChannels", tenant: &home, about: "" };
        let tokens = Tokens::new(&[7; 32]);
        let shouted = tokens.seal(&list, Position::new(1)).to_ascii_uppercase();
        assert_eq!(opened(&tokens, &list, &shouted), None);
    }

    proptest! {
        #[test]
        fn no_text_opens_unless_it_was_sealed(text in ".{0,200}") {
            let home = tenant("123456789012", "us-east-1");
            let list = List { operation: "ListChannels", tenant: &home, about: "" };
            prop_assert_eq!(opened(&Tokens::new(&[7; 32]), &list, &text), None);
        }

        #[test]
        fn a_token_with_one_changed_digit_is_refused(
            position in any::<i64>(), place in 0..2 * (SEAL + 8), digit in 0..16u32,
        ) {
            let home = tenant("123456789012", "us-east-1");
            let list = List { operation: "ListChannels", tenant: &home, about: "" };
            let tokens = Tokens::new(&[7; 32]);
            let token = tokens.seal(&list, Position::new(position));
            prop_assert_eq!(opened(&tokens, &list, &token), Some(Position::new(position)));
            let digit = char::from_digit(digit, 16).expect("a digit");
            let forged: String =
                token.chars().enumerate().map(|(at, old)| if at == place { digit } else { old }).collect();
            prop_assume!(forged != token);
            prop_assert_eq!(opened(&tokens, &list, &forged), None);
        }
    }
}
