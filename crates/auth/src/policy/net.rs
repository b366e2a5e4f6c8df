//! Ranges of addresses in CIDR form (IAM User Guide, "IP address condition operators").
//!
//! Promise: an IPv4 address is the same whether it comes plain or mapped into IPv6, as listeners on both
//! give it.

use std::net::IpAddr;

/// A range of addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Net {
    base: IpAddr,
    prefix: u32,
}

impl Net {
    /// Reads `address/length`; without a length it is the one address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, length)| (a, Some(length)));
        let base: IpAddr = address.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match length {
            Some(digits) if digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            Some(_) => return None,
            None => most,
        };
        (prefix <= most).then_some(Self { base, prefix })
    }

    /// Whether the address is in the range.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.holds(address) || self.holds(address.to_canonical())
    }

    fn holds(&self, address: IpAddr) -> bool {
        // The number of leading bits that must be the same, and all bits, in 128.
        let (one, other, prefix) = match (self.base, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                (u128::from(one.to_bits()), u128::from(other.to_bits()), self.prefix + 96)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), self.prefix),
            _ => return false,
        };
        prefix == 0 || (one ^ other) >> (128 - prefix) == 0
    }
}
