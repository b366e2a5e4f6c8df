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

/// Where a row stands in a list that runs from the latest change backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recent {
    /// When the row was last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// Tells rows of the same time apart: the newer one comes first.
    pub position: Position,
}

/// Which stretch of a list that runs from the latest change backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentRequest {
    /// Only rows behind this one; `None` for the first page. Any value is safe, as with [`Position::new`].
    pub after: Option<Recent>,
    /// At most so many rows.
    pub limit: u32,
}

impl RecentRequest {
    /// The latest `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The place behind which the page starts.
    pub(crate) fn behind(self) -> Recent {
        self.after.unwrap_or(Recent { updated_at: i64::MAX, position: Position(i64::MAX) })
    }

    /// One row more than asked for tells whether there is a next page.
    pub(crate) fn probe(self) -> i64 {
        i64::from(self.limit).saturating_add(1)
    }
}

/// A stretch of a list that runs from the latest change backwards. A walk from page to page sees each row
/// that is not changed meanwhile exactly once; one that is changed has moved to the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentPage<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Recent>,
}

impl<T> RecentPage<T> {
    /// Cuts the probe row off again.
    pub(crate) fn cut(mut rows: Vec<(Recent, T)>, request: RecentRequest) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|(recent, _)| *recent);
        Self { items: rows.into_iter().map(|(_, item)| item).collect(), next: last.filter(|_| more) }
    }
}

/// Which stretch of a list that runs from the newest row backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewestRequest {
    /// Only rows that are older than this one; `None` for the first page.
    pub before: Option<Position>,
    /// At most so many rows.
    pub limit: u32,
}

impl NewestRequest {
    /// The newest `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { before: None, limit }
    }

    /// The position behind which the page starts.
    pub(crate) fn behind(self) -> i64 {
        self.before.map_or(i64::MAX, Position::get)
    }

    /// One row more than asked for tells whether there is a next page.
    pub(crate) fn probe(self) -> i64 {
        i64::from(self.limit).saturating_add(1)
    }
}

/// A stretch of a list that runs from the newest row backwards. A walk from page to page sees each row that
/// was there when it began and is not deleted exactly once, whatever comes meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestPage<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<Position>,
}

impl<T> NewestPage<T> {
    /// Cuts the probe row off again.
    pub(crate) fn cut(rows: Vec<(Position, T)>, request: NewestRequest) -> Self {
        let Page { items, next } = Page::cut(rows, PageRequest::first(request.limit));
        Self { items, next }
    }
}
