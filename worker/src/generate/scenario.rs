//! What happened, before any file format: payments as the partner reports them, as we have them,
//! and what is therefore different. The truth is written down as each difference is made, not
//! found by comparing.

use domain::discrepancy::Kind;
use domain::record::Status;
use domain::severity::Severity;
use jiff::ToSpan;
use jiff::civil::Date;

use super::currencies::{CurrencyFacts, GROSS_STEP};
use super::random::Random;

/// Names with the letters that encodings get wrong.
const CUSTOMERS: [&str; 8] = [
    "Alpenblick Sport AG",
    "Café Ménage SARL",
    "Fjällräven Återförsäljare AB",
    "Hüttenwirt KG",
    "Señor Montaña SL",
    "Jura Trekking SA",
    "O'Neill & Sons Ltd",
    "Isar Kajak GmbH",
];
/// Of a hundred payments that agree, so many are refunds, and so many were booked days before.
const REFUND_PERCENT: i64 = 8;
const EARLIER_BOOKING_PERCENT: i64 = 15;
const MATERIAL_PERCENT: i64 = 15;

/// What is to be made up.
pub(super) struct Plan<'p> {
    /// Before the number in every reference: `PAY`.
    pub(super) prefix: &'static str,
    /// Decides everything that the rest of the plan leaves open.
    pub(super) seed: u64,
    pub(super) business_date: Date,
    /// Payments on at least one side.
    pub(super) payments: usize,
    /// Discrepancies of each of `kinds`, and ledger records in transit.
    pub(super) per_kind: usize,
    pub(super) kinds: &'p [Kind],
    pub(super) currencies: &'p [&'static CurrencyFacts],
}

/// Both sides, and what is different between them.
pub(super) struct Scenario {
    pub(super) partner: Vec<PartnerRow>,
    pub(super) ledger: Vec<LedgerRow>,
    /// In the order of references.
    pub(super) truth: Vec<Truth>,
}

/// One line of the partner's report. Amounts are minor units.
#[derive(Clone, Debug)]
pub(super) struct PartnerRow {
    pub(super) reference: String,
    pub(super) transaction_id: String,
    pub(super) invoice: String,
    pub(super) status: Status,
    pub(super) value_date: Date,
    pub(super) currency: &'static CurrencyFacts,
    pub(super) gross: i64,
    pub(super) fee: i64,
    pub(super) net: i64,
    pub(super) customer: &'static str,
}

/// One record of ours.
#[derive(Clone, Debug)]
pub(super) struct LedgerRow {
    pub(super) reference: String,
    pub(super) invoice: String,
    pub(super) client: String,
    pub(super) customer: &'static str,
    pub(super) amount: i64,
    pub(super) currency: &'static CurrencyFacts,
    pub(super) value_date: Date,
    pub(super) status: Status,
}

/// One discrepancy that must be found, and no other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Truth {
    pub(super) reference: String,
    pub(super) kind: Kind,
    pub(super) severity: Severity,
}

#[derive(Clone, Copy)]
enum Story {
    Agrees,
    InTransit,
    /// The number counts the discrepancies of the kind, and varies them.
    Differs(Kind, usize),
}

/// Makes everything up; the same plan gives the same scenario.
pub(super) fn build(plan: &Plan<'_>) -> Scenario {
    let mut random = Random::new(plan.seed);
    let mut stories = stories(plan);
    random.shuffle(&mut stories);
    let mut scenario = Scenario {
        partner: Vec::new(),
        ledger: Vec::new(),
        truth: Vec::new(),
    };
    for (number, story) in stories.into_iter().enumerate() {
        let mut teller = Teller {
            plan,
            random: &mut random,
            number,
            out: &mut scenario,
        };
        match story {
            Story::Agrees => teller.agrees(),
            Story::InTransit => teller.in_transit(),
            Story::Differs(kind, nth) => teller.differs(kind, nth),
        }
    }
    random.shuffle(&mut scenario.partner);
    random.shuffle(&mut scenario.ledger);
    scenario.truth.sort();
    scenario
}

fn stories(plan: &Plan<'_>) -> Vec<Story> {
    let mut stories = vec![Story::InTransit; plan.per_kind];
    for kind in plan.kinds {
        stories.extend((0..plan.per_kind).map(|nth| Story::Differs(*kind, nth)));
    }
    stories.resize(plan.payments.max(stories.len()), Story::Agrees);
    stories
}

/// Tells one story.
struct Teller<'t, 'p> {
    plan: &'t Plan<'p>,
    random: &'t mut Random,
    number: usize,
    out: &'t mut Scenario,
}

impl Teller<'_, '_> {
    fn agrees(&mut self) {
        let (mut partner, mut ledger) = self.payment();
        if self.random.chance(REFUND_PERCENT) {
            (partner.gross, partner.fee, partner.net) = (-partner.gross, 0, -partner.gross);
            ledger.amount = -ledger.amount;
        } else if self.random.chance(EARLIER_BOOKING_PERCENT) {
            ledger.value_date = self.days_before(1, 2);
        }
        self.tell([partner], [ledger]);
    }

    fn in_transit(&mut self) {
        let (_, mut ledger) = self.payment();
        ledger.value_date = self.days_before(0, 1);
        self.tell([], [ledger]);
    }

    fn differs(&mut self, kind: Kind, nth: usize) {
        let severity = match kind {
            Kind::DuplicateAtPartner | Kind::DuplicateInLedger => self.duplicate(kind),
            Kind::CurrencyMismatch => self.other_currency(),
            Kind::MissingInLedger | Kind::MissingAtPartner => self.missing(kind, nth),
            Kind::AmountMismatch => self.other_amount(nth),
            Kind::Rounding => self.rounded(nth),
            Kind::StatusMismatch => self.other_status(),
            Kind::FeeMismatch => self.wrong_fee(nth),
            Kind::DateMismatch => self.other_date(nth),
            Kind::Ambiguous => self.ambiguous(),
            // Made when the file is written: it is about a report, not about a payment.
            Kind::StatementOutOfBalance => return,
        };
        let reference = self.reference();
        self.out.truth.push(Truth {
            reference,
            kind,
            severity,
        });
    }

    fn duplicate(&mut self, kind: Kind) -> Severity {
        let (partner, ledger) = self.payment();
        let mut again = partner.clone();
        again.transaction_id.push('R');
        match kind {
            Kind::DuplicateAtPartner => self.tell([partner, again], [ledger]),
            _ => self.tell([partner], [ledger.clone(), ledger]),
        }
        Severity::Critical
    }

    fn other_currency(&mut self) -> Severity {
        let (partner, mut ledger) = self.payment();
        let others = self.plan.currencies.iter().copied();
        let others: Vec<_> = others.filter(|other| *other != partner.currency).collect();
        ledger.currency = self.random.pick(&others);
        self.tell([partner], [ledger]);
        Severity::Critical
    }

    fn missing(&mut self, kind: Kind, nth: usize) -> Severity {
        let currency = self.random.pick(self.plan.currencies);
        let is_material = nth.is_multiple_of(2);
        let (partner, mut ledger) = self.payment_of(currency, is_material);
        match kind {
            Kind::MissingInLedger => self.tell([partner], []),
            _ => {
                ledger.value_date = self.days_before(7, 30);
                self.tell([], [ledger]);
            }
        }
        if is_material {
            Severity::Critical
        } else {
            Severity::High
        }
    }

    fn other_amount(&mut self, nth: usize) -> Severity {
        let (partner, mut ledger) = self.large_payment();
        let (rounding, materiality) = (partner.currency.rounding, partner.currency.materiality);
        let is_material = nth.is_multiple_of(2);
        let difference = match is_material {
            true => self.random.between(materiality, 2 * materiality),
            false => self.random.between(rounding + 1, materiality - 1),
        };
        ledger.amount += if self.random.chance(50) {
            difference
        } else {
            -difference
        };
        self.tell([partner], [ledger]);
        if is_material {
            Severity::Critical
        } else {
            Severity::High
        }
    }

    fn rounded(&mut self, nth: usize) -> Severity {
        let (partner, mut ledger) = self.payment();
        let difference = self.random.between(1, partner.currency.rounding);
        ledger.amount += if nth.is_multiple_of(2) {
            difference
        } else {
            -difference
        };
        self.tell([partner], [ledger]);
        Severity::Low
    }

    fn other_status(&mut self) -> Severity {
        let (partner, mut ledger) = self.payment();
        ledger.status = self.random.pick(&[Status::Failed, Status::Reversed]);
        self.tell([partner], [ledger]);
        Severity::High
    }

    /// A fee that does not add up, one that was not agreed, and a large one that was not agreed.
    fn wrong_fee(&mut self, nth: usize) -> Severity {
        let (mut partner, ledger) = self.large_payment();
        let materiality = partner.currency.materiality;
        let small = self.random.between(1, materiality - 1);
        let severity = match nth % 3 {
            0 => {
                partner.net -= small;
                Severity::Low
            }
            1 => {
                partner.fee += small;
                partner.net -= small;
                Severity::Low
            }
            _ => {
                partner.fee += materiality;
                partner.net -= materiality;
                Severity::High
            }
        };
        self.tell([partner], [ledger]);
        severity
    }

    /// Later than the window allows, or earlier.
    fn other_date(&mut self, nth: usize) -> Severity {
        let (mut partner, mut ledger) = self.payment();
        match nth % 2 {
            0 => ledger.value_date = self.days_before(10, 20),
            _ => partner.value_date = self.days_before(10, 20),
        }
        self.tell([partner], [ledger]);
        Severity::Low
    }

    /// Two and two under one reference, with amounts that nobody can pair.
    fn ambiguous(&mut self) -> Severity {
        let (first, booked) = self.payment_of(self.plan.currencies[0], false);
        let (mut second, mut other) = (first.clone(), booked.clone());
        second.transaction_id.push('B');
        let step = 20 * GROSS_STEP;
        second.gross += step;
        second.fee = second.currency.fee(second.gross);
        second.net = second.gross - second.fee;
        let mut booked = booked;
        booked.amount += 2 * step;
        other.amount += 3 * step;
        self.tell([first, second], [booked, other]);
        Severity::High
    }

    fn tell<const P: usize, const L: usize>(
        &mut self,
        partner: [PartnerRow; P],
        ledger: [LedgerRow; L],
    ) {
        self.out.partner.extend(partner);
        self.out.ledger.extend(ledger);
    }

    /// A payment of any size, the same on both sides.
    fn payment(&mut self) -> (PartnerRow, LedgerRow) {
        let currency = self.random.pick(self.plan.currencies);
        let is_material = self.random.chance(MATERIAL_PERCENT);
        self.payment_of(currency, is_material)
    }

    fn payment_of(
        &mut self,
        currency: &'static CurrencyFacts,
        is_material: bool,
    ) -> (PartnerRow, LedgerRow) {
        let materiality = currency.materiality;
        match is_material {
            true => self.payment_between(currency, materiality, 5 * materiality),
            false => self.payment_between(currency, materiality / 50, materiality * 9 / 10),
        }
    }

    /// So large that a material difference leaves money on both sides.
    fn large_payment(&mut self) -> (PartnerRow, LedgerRow) {
        let currency = self.random.pick(self.plan.currencies);
        self.payment_between(currency, 3 * currency.materiality, 5 * currency.materiality)
    }

    fn payment_between(
        &mut self,
        currency: &'static CurrencyFacts,
        lowest: i64,
        highest: i64,
    ) -> (PartnerRow, LedgerRow) {
        let gross = self
            .random
            .between(lowest / GROSS_STEP, highest / GROSS_STEP)
            * GROSS_STEP;
        let fee = currency.fee(gross);
        let client = self.random.between(0, CUSTOMERS.len() as i64 - 1) as usize;
        let (reference, invoice) = (self.reference(), format!("INV-{:06}", self.number + 1));
        let value_date = self.plan.business_date;
        let partner = PartnerRow {
            reference: reference.clone(),
            transaction_id: format!("TX{:08}", 7_000_000 + self.number * 13),
            invoice: invoice.clone(),
            status: Status::Settled,
            value_date,
            currency,
            gross,
            fee,
            net: gross - fee,
            customer: CUSTOMERS[client],
        };
        let ledger = LedgerRow {
            reference,
            invoice,
            client: format!("C-{}", 101 + client),
            customer: CUSTOMERS[client],
            amount: gross,
            currency,
            value_date,
            status: Status::Settled,
        };
        (partner, ledger)
    }

    fn reference(&self) -> String {
        format!("{}-{:06}", self.plan.prefix, self.number + 1)
    }

    fn days_before(&mut self, fewest: i64, most: i64) -> Date {
        let days = self.random.between(fewest, most);
        self.plan.business_date.saturating_sub(days.days())
    }
}
