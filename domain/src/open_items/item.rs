//! An open item while an input is read, and what the input makes of it.

use std::sync::Arc;

use jiff::civil::Date;

use crate::record::{Past, Record};

/// An open item, and what the input made of it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) record: Record,
    /// It was used up by the run that is replaced.
    pub(super) is_reopened: bool,
    pub(super) state: ItemState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ItemState {
    /// The input has not shown it.
    Open,
    /// It has: this is its newest content.
    Refreshed,
    /// It has, and it counts as received by this run.
    Received,
}

impl Item {
    pub(super) fn is_open(&self) -> bool {
        self.state == ItemState::Open
    }

    /// The newest content of an open item; it stays the same item.
    pub(super) fn refresh(&mut self, newest: Record) {
        let mut past = self.record.past.take();
        if let Some(past) = past
            .as_mut()
            .filter(|_| newest.has_failed() && !self.record.has_failed())
        {
            // What failed repeats nothing.
            past.repeats = None;
        }
        self.record = newest;
        self.record.past = past;
        self.state = ItemState::Refreshed;
    }

    /// What the replaced run had received, received by this one.
    pub(super) fn receive_again(&mut self, mut newest: Record) -> Record {
        self.state = ItemState::Received;
        let past = self.record.past.as_ref().map(|past| {
            Box::new(Past {
                received_by: None,
                since: past.since,
                found_in: past.found_in,
                repeats: None,
            })
        });
        newest.past = past;
        newest
    }

    /// Business date of the input that had it first.
    pub(super) fn since(&self) -> Option<Date> {
        since(&self.record)
    }
}

/// Business date of the input that had a record first.
pub(super) fn since(record: &Record) -> Option<Date> {
    record.past.as_ref().map(|past| past.since)
}

/// The run that received it.
pub(super) fn received_by(record: &Record) -> Option<Arc<str>> {
    record.past.as_ref()?.received_by.clone()
}
