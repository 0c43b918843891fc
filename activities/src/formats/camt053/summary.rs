//! `TxsSummry`: the numbers and sums of entries that a statement states, against those it has.
//!
//! Sums carry no currency there, so they are compared only where all entries are in one. Banks
//! differ in whether entries that are not booked count: a summary that holds either way holds.

use domain::control::Compared;
use domain::money::{Amount, Currency, Money};

use super::values::{self, Direction, Stated};
use super::xml::Xml;
use crate::formats::FormatError;

/// `TxsSummry`.
#[derive(Default, Debug)]
pub(super) struct Summary {
    /// `TtlNtries`
    all: Part,
    /// `TtlCdtNtries`
    credit: Part,
    /// `TtlDbtNtries`
    debit: Part,
    /// `TtlNetNtry`, before version 3 `TtlNetNtryAmt`, with its indicator.
    net: Option<Amount>,
}

#[derive(Default, Debug)]
struct Part {
    count: Option<u64>,
    sum: Option<Amount>,
}

/// Entries by direction.
#[derive(Default, Debug)]
pub(super) struct Tally {
    unreadable: u64,
    credit: Side,
    debit: Side,
    currencies: Vec<Currency>,
}

#[derive(Default, Debug)]
struct Side {
    count: u64,
    sum: Amount,
    overflowed: bool,
}

impl Tally {
    pub(super) fn add(&mut self, entry: Option<(Stated, Direction)>) {
        let Some((stated, direction)) = entry else {
            self.unreadable += 1;
            return;
        };
        if !self.currencies.contains(&stated.currency) {
            self.currencies.push(stated.currency);
        }
        let side = match direction {
            Direction::Credit => &mut self.credit,
            Direction::Debit => &mut self.debit,
        };
        side.count += 1;
        match side.sum.checked_add(stated.amount) {
            Ok(sum) => side.sum = sum,
            Err(_) => side.overflowed = true,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.credit.count + self.debit.count + self.unreadable
    }
}

impl Summary {
    /// Reads the `TxsSummry` that was just entered.
    pub(super) fn read(xml: &mut Xml<'_>) -> Result<Summary, FormatError> {
        let mut summary = Summary::default();
        while let Some(child) = xml.child()? {
            match child.name() {
                "TtlNtries" => (summary.all, summary.net) = read_part(xml)?,
                "TtlCdtNtries" => summary.credit = read_part(xml)?.0,
                "TtlDbtNtries" => summary.debit = read_part(xml)?.0,
                _ => xml.skip()?,
            }
        }
        Ok(summary)
    }

    /// What is stated, against booked entries or, where that does not hold, against all.
    pub(super) fn checks(&self, booked: &Tally, all: &Tally) -> Vec<(&'static str, Compared)> {
        let of_booked = self.compared(booked);
        if of_booked.iter().all(|(_, compared)| holds(compared)) {
            return of_booked;
        }
        let of_all = self.compared(all);
        match of_all.iter().all(|(_, compared)| holds(compared)) {
            true => of_all,
            false => of_booked,
        }
    }

    fn compared(&self, tally: &Tally) -> Vec<(&'static str, Compared)> {
        let counts = [
            (
                "number of entries = TtlNtries",
                self.all.count,
                tally.count(),
            ),
            (
                "number of credits = TtlCdtNtries",
                self.credit.count,
                tally.credit.count,
            ),
            (
                "number of debits = TtlDbtNtries",
                self.debit.count,
                tally.debit.count,
            ),
        ];
        let mut found: Vec<(&str, Compared)> = counts
            .into_iter()
            .filter_map(|(text, stated, computed)| {
                let stated = stated?;
                Some((text, Compared::Counts { stated, computed }))
            })
            .collect();
        let (&[currency], false) = (
            tally.currencies.as_slice(),
            tally.credit.overflowed || tally.debit.overflowed,
        ) else {
            return found;
        };
        let (credit, debit) = (tally.credit.sum, tally.debit.sum);
        let sums = [
            (
                "sum of entries = TtlNtries",
                self.all.sum,
                credit.checked_add(debit),
            ),
            ("sum of credits = TtlCdtNtries", self.credit.sum, Ok(credit)),
            ("sum of debits = TtlDbtNtries", self.debit.sum, Ok(debit)),
            (
                "net of entries = TtlNetNtry",
                self.net,
                credit.checked_sub(debit),
            ),
        ];
        let money = |amount| Money { amount, currency };
        found.extend(sums.into_iter().filter_map(|(text, stated, computed)| {
            let (stated, computed) = (money(stated?), money(computed.ok()?));
            Some((text, Compared::Sums { stated, computed }))
        }));
        found
    }
}

/// `NbOfNtries`, `Sum`, and the net amount where the part has one.
fn read_part(xml: &mut Xml<'_>) -> Result<(Part, Option<Amount>), FormatError> {
    let mut part = Part::default();
    let (mut net, mut signed_net) = (None, None);
    let mut direction = Direction::Credit;
    while let Some(child) = xml.child()? {
        match child.name() {
            "NbOfNtries" => part.count = xml.text()?.parse().ok(),
            "Sum" => part.sum = values::unsigned(&xml.text()?, "").ok(),
            "TtlNetNtryAmt" | "Amt" => net = values::unsigned(&xml.text()?, "").ok(),
            "CdtDbtInd" => direction = values::direction(&xml.text()?, "").unwrap_or(direction),
            "TtlNetNtry" => signed_net = read_part(xml)?.1,
            _ => xml.skip()?,
        }
    }
    Ok((
        part,
        signed_net.or(net.map(|net| direction.applied_to(net))),
    ))
}

fn holds(compared: &Compared) -> bool {
    match compared {
        Compared::Sums { stated, computed } => stated == computed,
        Compared::Counts { stated, computed } => stated == computed,
    }
}
