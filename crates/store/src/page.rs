//! Whose rows, and which stretch of them.
//!
//! Promise: a walk from page to page by [`Page::next`] sees each row that exists all the while exactly
//! once, in creation order, whatever is created or deleted meanwhile.

use domain::{AccountId, Arn, Region};

/// Whose: resources, quotas and lists belong to one account in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl Tenant {
    /// The tenant whose resource this name is.
    pub fn of(arn: &Arn) -> Self {
        Self { account: arn.account.clone(), region: arn.region.clone() }
    }
}

/// Where a row stands in creation order. Grows with each new row and is never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(i64);

impl Position {
    /// Takes a position back that was handed out by [`Position::get`]. Any number is safe: one that
    /// was never handed out only starts the list elsewhere.
    pub fn new(position: i64) -> Self {
        Self(position)
    }

    /// The position as a number, to be carried in a page token.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// Which stretch of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Only rows behind this one; the default is before the first.
    pub after: Position,
    /// At most so many rows.
    pub limit: u32,
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { after: Position::default(), limit }
    }

    /// One row more than asked for tells whether there is a next page.
    pub(crate) fn probe(self) -> i64 {
        i64::from(self.limit).saturating_add(1)
    }
}

/// A stretch of a list, in creation order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// Cuts the probe row off again.
    pub(crate) fn cut(mut rows: Vec<(Position, T)>, request: PageRequest) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|(position, _)| *position);
        Self { items: rows.into_iter().map(|(_, item)| item).collect(), next: last.filter(|_| more) }
    }
}
