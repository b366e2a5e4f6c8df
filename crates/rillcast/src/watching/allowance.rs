//! How often an address may ask for something that anybody may ask for.
//!
//! Promise: many at once, as when the line of a whole office comes back, and few for ever; what is remembered of
//! addresses is bounded, and when there is no room for another, it waits. It reads no clock.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Asked at once.
const BURST: u32 = 60;
/// After that, one in so long.
const EVERY: Duration = Duration::from_secs(2);
/// Addresses that are remembered.
const MOST: usize = 20_000;

/// Each address's debt: the moment at which it will have none.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    owed: Mutex<HashMap<IpAddr, Instant>>,
}

impl Allowance {
    /// May somebody at this address ask now? Else: in so many seconds.
    pub(super) fn admit(&self, from: IpAddr, now: Instant) -> Result<(), u64> {
        let from = house(from);
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if owed.len() >= MOST && !owed.contains_key(&from) {
            owed.retain(|_, even| *even > now);
            if owed.len() >= MOST {
                return Err(EVERY.as_secs());
            }
        }
        let even = owed.get(&from).copied().unwrap_or(now).max(now);
        // The debt of a whole burst is the most that is allowed.
        let over = (even + EVERY).saturating_duration_since(now + EVERY * BURST);
        if !over.is_zero() {
            return Err(over.as_secs().max(1));
        }
        owed.insert(from, even + EVERY);
        Ok(())
    }
}

/// Whoever has an IPv6 address has at least as many as share its first half.
fn house(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() & (u128::MAX << 64)).into()),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        let admitted = (0..200).filter(|_| allowance.admit(at("10.0.0.1"), now).is_ok()).count();
        assert_eq!(admitted, 60);
        assert_eq!(allowance.admit(at("10.0.0.1"), now), Err(2));
        assert_eq!(allowance.admit(at("10.0.0.2"), now), Ok(()));
        assert_eq!(allowance.admit(at("10.0.0.1"), now + EVERY), Ok(()));
        assert!(allowance.admit(at("10.0.0.1"), now + EVERY).is_err());
    }

    #[test]
    fn who_has_a_network_of_addresses_is_one() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        let asked = (0..200).filter(|host| allowance.admit(at(&format!("2001:db8::{host:x}")), now).is_ok());
        assert_eq!(asked.count(), 60);
        assert_eq!(allowance.admit(at("2001:db8:0:1::1"), now), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        let four = |number: usize| IpAddr::V4(u32::try_from(number).expect("few").into());
        let admitted = (0..MOST + 100).filter(|number| allowance.admit(four(*number), now).is_ok()).count();
        assert_eq!((admitted, allowance.owed.lock().expect("nobody panicked").len()), (MOST, MOST));
        assert_eq!(
            allowance.admit(four(MOST + 1), now + EVERY),
            Ok(()),
            "they are forgotten when they are even"
        );
    }
}
