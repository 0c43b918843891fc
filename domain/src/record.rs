//! One line of either side as typed data, and where it came from.
//!
//! Formats produce records, matching consumes them. A record never holds a guessed value: what a
//! report does not say is `None`.

use std::fmt;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use jiff::civil::Date;

use crate::discrepancy::{DiscrepancyId, Kind};
use crate::money::{Amount, Money, MoneyError};
use crate::named_enum;

/// Which of the two parties a record comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// The partner's report.
    Partner,
    /// Our own system of record.
    Ledger,
}

impl Side {
    /// Both, partner first.
    pub const BOTH: [Side; 2] = [Side::Partner, Side::Ledger];

    /// `partner` or `ledger`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Partner => "partner",
            Side::Ledger => "ledger",
        }
    }

    /// The side of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Side::BOTH.into_iter().find(|side| side.name() == name)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Side::Partner => Side::Ledger,
            Side::Ledger => Side::Partner,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

named_enum! {
    /// What a reference of a record refers to. `Reference` is the one that rules use by default;
    /// the others keep their meaning from the format (ISO 20022 names for bank statements).
    ReferenceKind {
        /// The partner's and our common identifier of the payment.
        Reference = "reference",
        /// Our invoice number.
        Invoice = "invoice",
        /// Our order number.
        Order = "order",
        /// Settlement batch or payout that the record was paid in.
        Batch = "batch",
        /// ISO 20022 `EndToEndId`.
        EndToEndId = "end_to_end_id",
        /// ISO 20022 `TxId`.
        TransactionId = "transaction_id",
        /// ISO 20022 `InstrId`.
        InstructionId = "instruction_id",
        /// ISO 20022 `UETR`.
        Uetr = "uetr",
        /// ISO 20022 `AcctSvcrRef`, the bank's own reference.
        ServicerReference = "servicer_reference",
        /// ISO 20022 `CdtrRefInf/Ref` (RF, QR, ISR structured creditor reference).
        CreditorReference = "creditor_reference",
        /// ISO 20022 `MndtId`, a direct debit mandate.
        MandateId = "mandate_id",
        /// The reference of the payment that this record returns, refunds or reverses.
        OriginalReference = "original_reference",
    }
}

named_enum! {
    /// Where a payment stands, as its side reports it.
    Status {
        /// Announced, not final.
        Pending = "pending",
        /// Final.
        Settled = "settled",
        /// Taken back after settlement (refund, return, chargeback, reversal).
        Reversed = "reversed",
        /// Never happened.
        Failed = "failed",
    }
}

/// What a record says of its money by its status. One without a status counts as made; so does one that
/// is pending.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Movement {
    /// It moved, or will.
    Made,
    /// It was taken back, or this takes it back.
    TakenBack,
    /// It never did.
    Failed,
}

impl Movement {
    /// All of them.
    pub const ALL: [Movement; 3] = [Movement::Made, Movement::TakenBack, Movement::Failed];

    /// What a status says; none counts as made.
    #[must_use]
    pub fn of(status: Option<Status>) -> Self {
        match status {
            None | Some(Status::Pending | Status::Settled) => Movement::Made,
            Some(Status::Reversed) => Movement::TakenBack,
            Some(Status::Failed) => Movement::Failed,
        }
    }

    /// Whether of two such records the later may be a payment made twice. An attempt that failed repeats
    /// nothing, and nothing repeats it.
    #[must_use]
    pub fn repeats(self) -> bool {
        self != Movement::Failed
    }
}

/// Where in which input a record stands, and its text there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// File name (no folder) or query name; shared by all records of one input.
    pub file: Arc<str>,
    /// Line where the record begins, from 1. For rows of a query: the row number.
    pub line: u32,
    /// The text as received, decoded, cut at the reader's limit.
    pub raw: Box<str>,
}

impl Origin {
    /// Where it is, for people: `acme.csv line 12`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} line {}", self.file, self.line)
    }
}

named_enum! {
    /// One of the amounts of a [`FeeSplit`].
    FeePart {
        /// Captured before deductions.
        Gross = "gross",
        /// Deducted.
        Fee = "fee",
        /// Paid out.
        Net = "net",
    }
}

/// Gross, fee and net of one record, all in its currency: as it states them, or two that it states and the
/// third that follows from these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeeSplit {
    /// Captured before deductions.
    pub gross: Amount,
    /// Deducted; positive lowers the net.
    pub fee: Amount,
    /// Paid out.
    pub net: Amount,
    /// The one that the record does not state. Whether the three add up is only told by a record that states
    /// all of them.
    pub derived: Option<FeePart>,
}

impl FeeSplit {
    /// The split that a record states; `None` where it states fewer than two of them.
    ///
    /// # Errors
    /// The third does not fit exactly.
    pub fn of(
        gross: Option<Amount>,
        fee: Option<Amount>,
        net: Option<Amount>,
    ) -> Result<Option<Self>, MoneyError> {
        let (gross, fee, net, derived) = match (gross, fee, net) {
            (Some(gross), Some(fee), Some(net)) => (gross, fee, net, None),
            (None, Some(fee), Some(net)) => (net.checked_add(fee)?, fee, net, Some(FeePart::Gross)),
            (Some(gross), None, Some(net)) => {
                (gross, gross.checked_sub(net)?, net, Some(FeePart::Fee))
            }
            (Some(gross), Some(fee), None) => {
                (gross, fee, gross.checked_sub(fee)?, Some(FeePart::Net))
            }
            _ => return Ok(None),
        };
        Ok(Some(FeeSplit {
            gross,
            fee,
            net,
            derived,
        }))
    }
}

/// One line of one side: what its [fields](RecordFields) say. It goes through many lists on its way, so
/// it is no more than their place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record(Box<RecordFields>);

impl From<RecordFields> for Record {
    fn from(fields: RecordFields) -> Self {
        Record(Box::new(fields))
    }
}

impl Deref for Record {
    type Target = RecordFields;

    fn deref(&self) -> &RecordFields {
        &self.0
    }
}

impl DerefMut for Record {
    fn deref_mut(&mut self) -> &mut RecordFields {
        &mut self.0
    }
}

/// A text that mostly is short: up to 23 bytes it stands where it is, not elsewhere in memory.
pub type ShortText = smol_str::SmolStr;

/// The references of a record; the only one that most have stands in the record itself.
pub type References = smallvec::SmallVec<[(ReferenceKind, ShortText); 1]>;

/// What one line of one side says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordFields {
    /// Whose line it is.
    pub side: Side,
    /// Where it stands.
    pub origin: Origin,
    /// Its references, at most one of a kind, sorted by kind. Never empty strings.
    pub references: References,
    /// What is compared. Positive is money to us.
    pub money: Money,
    /// The day on which the money counts.
    pub value_date: Date,
    /// The day on which it was entered.
    pub booking_date: Option<Date>,
    /// Where the payment stands; `None` when the report has no such thing.
    pub status: Option<Status>,
    /// Gross, fee and net, when the report has at least two of them.
    pub fees: Option<Box<FeeSplit>>,
    /// Our client's identifier.
    pub client: Option<ShortText>,
    /// The other party's name.
    pub counterparty: Option<ShortText>,
    /// Free text.
    pub description: Option<ShortText>,
    /// What earlier runs know of it; `None` for a record that none of them had. Decides nothing
    /// about what it belongs to.
    pub past: Option<Box<Past>>,
    /// Whether a rule found records of the other side with its texts, though none was left for it:
    /// known there, it is nobody's misspelling. False before it was compared.
    pub has_namesake: bool,
    /// Whether its side has the payment of as much money the other way under the texts of a rule: as reversed, it
    /// takes that one back, and was not itself taken back. False before it was compared.
    pub takes_back: bool,
}

/// Where a record stands: what tells it from all others of a comparison.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// On which side.
    pub side: Side,
    /// File or query name.
    pub file: Arc<str>,
    /// Line in it, from 1.
    pub line: u32,
    /// The earlier run that received it, when it was carried forward: a query has the same name every day.
    pub carried_from: Option<Arc<str>>,
}

impl Place {
    /// The place of this record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let past = record.past.as_ref();
        Place {
            side: record.side,
            file: Arc::clone(&record.origin.file),
            line: record.origin.line,
            carried_from: past.and_then(|past| past.received_by.clone()),
        }
    }
}

/// What earlier runs know of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// The run that received it, when it was an earlier one.
    pub received_by: Option<Arc<str>>,
    /// Business date of the input that had it first.
    pub since: Date,
    /// The discrepancy that it was in so far.
    pub found_in: Option<(DiscrepancyId, Kind)>,
    /// The run that had an equal record before: without a counterpart of its own, it is a duplicate.
    pub repeats: Option<Arc<str>>,
}

impl Past {
    /// Of a record that an input of this day brings, and an earlier run had already.
    #[must_use]
    pub fn repeating(run: Arc<str>, since: Date) -> Box<Self> {
        Box::new(Past {
            received_by: None,
            since,
            found_in: None,
            repeats: Some(run),
        })
    }
}

impl Record {
    /// The run that received it, when it is carried forward from an earlier one.
    #[must_use]
    pub fn carried_from(&self) -> Option<&str> {
        self.past.as_ref()?.received_by.as_deref()
    }

    /// The run that had an equal record before, when it only repeats that one.
    #[must_use]
    pub fn repeats(&self) -> Option<&Arc<str>> {
        self.past.as_ref()?.repeats.as_ref()
    }

    /// What it says of its money.
    #[must_use]
    pub fn movement(&self) -> Movement {
        Movement::of(self.status)
    }

    /// Whether it says that its money did not stay: it was taken back, or never moved.
    #[must_use]
    pub fn is_undone(&self) -> bool {
        self.movement() != Movement::Made
    }

    /// Whether an earlier run had it, and it says since then that its money did not stay.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_undone() && self.repeats().is_some()
    }

    /// Whether it is what takes a payment back: it names that payment, or stands beside it.
    #[must_use]
    pub fn is_reversal(&self) -> bool {
        let names_it = || self.reference(ReferenceKind::OriginalReference).is_some();
        self.movement() == Movement::TakenBack && (self.takes_back || names_it())
    }

    /// Whether it says of itself that nothing came of it: no money moved.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.movement() == Movement::Failed
    }

    /// Whether it only announces money.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.status == Some(Status::Pending)
    }

    /// Whether it says that the money moved, as the last word on that.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.status, None | Some(Status::Settled))
    }

    /// The discrepancy that it was in before this run.
    #[must_use]
    pub fn found_in(&self) -> Option<&(DiscrepancyId, Kind)> {
        self.past.as_ref()?.found_in.as_ref()
    }

    /// The reference of this kind.
    #[must_use]
    pub fn reference(&self, kind: ReferenceKind) -> Option<&str> {
        self.references
            .iter()
            .find(|(k, _)| *k == kind)
            .map(|(_, text)| &**text)
    }

    /// The reference that people call this record by: the first in the order of [`ReferenceKind`].
    #[must_use]
    pub fn display_reference(&self) -> Option<&str> {
        self.references.first().map(|(_, text)| &**text)
    }
}

/// Records that are [fetched](fetch) at a time: less than a processor's cache.
pub const FETCHED: usize = 64;

/// Touches what these records say, which is about to be read and may stand anywhere: a processor fetches
/// much from memory at once, if it is not kept busy in between. Changes nothing.
pub fn fetch<'r>(records: impl IntoIterator<Item = &'r Record>) {
    let mut touched = 0;
    for record in records {
        touched ^= record.origin.raw.len() ^ record.references.len() ^ record.origin.line as usize;
        let texts = [&record.client, &record.counterparty, &record.description];
        touched ^= texts.iter().filter(|text| text.is_some()).count();
        touched ^= record.value_date.day() as usize ^ usize::from(record.past.is_some());
        touched ^= usize::from(record.money.amount.is_negative());
    }
    hint::black_box(touched);
}

/// A line that could not become a record. The run goes on without it; it is listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// Whose line it is.
    pub side: Side,
    /// Where it stands, with its text.
    pub origin: Origin,
    /// The column, element or field at fault; empty when the line as a whole is.
    pub column: Box<str>,
    /// The offending value.
    pub value: Box<str>,
    /// What is wrong with it, and what would be right.
    pub reason: Box<str>,
}
