//! What happened: payments as the partner reports them, as we have them, in the order they are
//! told. Most agree; the other stories are in `differences` and in `trouble`.

use domain::discrepancy::Kind;
use domain::record::Status;
use domain::severity::Severity;
use jiff::ToSpan;
use jiff::civil::Date;

use super::currencies::{CurrencyFacts, GROSS_STEP};
use super::random::Random;
use super::rows::{LedgerRow, PartnerRow};
use super::told::{Group, Rows, Scenario, Truth};
use super::trouble::Trouble;

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
    /// How many stories of each trouble; none where data is plain.
    pub(super) troubles: &'p [(Trouble, usize)],
    /// Whether the partner states fees of single payments.
    pub(super) states_fees: bool,
}

impl Plan<'_> {
    /// Whether every record is to be labelled, not only the discrepancies.
    pub(super) fn is_labelled(&self) -> bool {
        !self.troubles.is_empty()
    }
}

#[derive(Clone, Copy)]
enum Story {
    Agrees,
    InTransit,
    /// The number counts the discrepancies of the kind, and varies them.
    Differs(Kind, usize),
    /// The number counts the stories of the trouble, and varies them.
    Troubled(Trouble, usize),
}

/// Makes everything up; the same plan gives the same scenario.
pub(super) fn build(plan: &Plan<'_>) -> Scenario {
    let mut random = Random::new(plan.seed);
    let mut stories = stories(plan);
    random.shuffle(&mut stories);
    let mut teller = Teller {
        plan,
        random,
        number: 0,
        trouble: None,
        out: Scenario::default(),
    };
    for story in stories {
        teller.trouble = None;
        match story {
            Story::Agrees => teller.agrees(),
            Story::InTransit => teller.in_transit(),
            Story::Differs(kind, nth) => teller.differs(kind, nth),
            Story::Troubled(trouble, nth) => {
                teller.trouble = Some(trouble);
                teller.troubled(trouble, nth);
            }
        }
    }
    let Teller {
        mut random,
        out: mut scenario,
        ..
    } = teller;
    random.shuffle(&mut scenario.partner);
    random.shuffle(&mut scenario.ledger);
    scenario
        .truth
        .sort_by(|a, b| a.in_order_of_references().cmp(&b.in_order_of_references()));
    scenario
}

fn stories(plan: &Plan<'_>) -> Vec<Story> {
    let mut stories = vec![Story::InTransit; plan.per_kind];
    for kind in plan.kinds {
        stories.extend((0..plan.per_kind).map(|nth| Story::Differs(*kind, nth)));
    }
    for (trouble, count) in plan.troubles {
        stories.extend((0..*count).map(|nth| Story::Troubled(*trouble, nth)));
    }
    stories.resize(plan.payments.max(stories.len()), Story::Agrees);
    stories
}

/// Tells one story after the other.
pub(super) struct Teller<'p> {
    pub(super) plan: &'p Plan<'p>,
    pub(super) random: Random,
    /// Of the latest payment, from 1.
    pub(super) number: usize,
    /// What the story is about; none for a plain one.
    pub(super) trouble: Option<Trouble>,
    pub(super) out: Scenario,
}

impl Teller<'_> {
    fn agrees(&mut self) {
        let (mut partner, mut ledger) = self.payment();
        if self.random.chance(REFUND_PERCENT) {
            (partner.gross, partner.fee, partner.net) = (-partner.gross, 0, -partner.gross);
            ledger.amount = -ledger.amount;
        } else if self.random.chance(EARLIER_BOOKING_PERCENT) {
            ledger.value_date = self.days_before(1, 2);
        }
        self.agree([partner], [ledger]);
    }

    fn in_transit(&mut self) {
        let (_, mut ledger) = self.payment();
        ledger.value_date = self.days_before(0, 1);
        self.out.tell([], [ledger]);
    }

    /// These belong together, and there is nothing to say about them.
    pub(super) fn agree(
        &mut self,
        partner: impl IntoIterator<Item = PartnerRow>,
        ledger: impl IntoIterator<Item = LedgerRow>,
    ) {
        let rows = self.out.tell(partner, ledger);
        if !self.plan.is_labelled() {
            return;
        }
        if let Some(sum) = self.out.reported(&rows) {
            let trouble = self.trouble;
            self.out.matches.push(Group { trouble, sum, rows });
        }
    }

    /// These are one discrepancy, under the reference of the latest payment.
    pub(super) fn differ(
        &mut self,
        kind: Kind,
        severity: Severity,
        partner: impl IntoIterator<Item = PartnerRow>,
        ledger: impl IntoIterator<Item = LedgerRow>,
    ) {
        let rows = self.out.tell(partner, ledger);
        let reference = self.reference();
        self.differs_under(reference, kind, severity, rows);
    }

    /// These rows are one discrepancy, under this reference.
    pub(super) fn differs_under(
        &mut self,
        reference: String,
        kind: Kind,
        severity: Severity,
        rows: Rows,
    ) {
        self.out.truth.push(Truth {
            reference,
            kind,
            severity,
            trouble: self.trouble,
            at_stake: self.out.at_stake(&rows),
            rows,
        });
    }

    /// A payment of any size, the same on both sides.
    pub(super) fn payment(&mut self) -> (PartnerRow, LedgerRow) {
        let currency = self.random.pick(self.plan.currencies);
        let is_material = self.random.chance(MATERIAL_PERCENT);
        self.payment_of(currency, is_material)
    }

    pub(super) fn payment_of(
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
    pub(super) fn large_payment(&mut self) -> (PartnerRow, LedgerRow) {
        let currency = self.random.pick(self.plan.currencies);
        self.payment_between(currency, 3 * currency.materiality, 5 * currency.materiality)
    }

    fn payment_between(
        &mut self,
        currency: &'static CurrencyFacts,
        lowest: i64,
        highest: i64,
    ) -> (PartnerRow, LedgerRow) {
        self.number += 1;
        let gross = self
            .random
            .between(lowest / GROSS_STEP, highest / GROSS_STEP)
            * GROSS_STEP;
        let fee = currency.fee(gross);
        let client = self.random.between(0, CUSTOMERS.len() as i64 - 1) as usize;
        let (reference, invoice) = (self.reference(), format!("INV-{:06}", self.number));
        let value_date = self.plan.business_date;
        let partner = PartnerRow {
            number: 0,
            reference: reference.clone(),
            transaction_id: format!("TX{:08}", 7_000_000 + (self.number - 1) * 13),
            invoice: invoice.clone(),
            status: Status::Settled,
            value_date,
            currency,
            gross,
            fee,
            net: gross - fee,
            customer: CUSTOMERS[client],
            description: String::new(),
            batch: String::new(),
        };
        let ledger = LedgerRow {
            number: 0,
            reference,
            invoice,
            client: format!("C-{}", 101 + client),
            customer: CUSTOMERS[client],
            amount: gross,
            currency,
            value_date,
            status: Status::Settled,
            batch: String::new(),
        };
        (partner, ledger)
    }

    /// The reference of the latest payment.
    pub(super) fn reference(&self) -> String {
        match self.plan.is_labelled() {
            true => checked_reference(self.plan.prefix, self.number),
            false => format!("{}-{:06}", self.plan.prefix, self.number),
        }
    }

    /// Another customer, and the client number that goes with it.
    pub(super) fn other_customer(&mut self, than: &str) -> (&'static str, String) {
        let others = (0..CUSTOMERS.len()).filter(|index| CUSTOMERS[*index] != than);
        let others: Vec<usize> = others.collect();
        let client = self.random.pick(&others);
        (CUSTOMERS[client], format!("C-{}", 101 + client))
    }

    pub(super) fn days_before(&mut self, fewest: i64, most: i64) -> Date {
        let days = self.random.between(fewest, most);
        self.plan.business_date.saturating_sub(days.days())
    }
}

/// `PAY-000001275`: the number and two digits that check it (ISO 7064, modulo 97). No slip of one
/// digit, and no two digits that changed places, give the reference of another payment: so what is
/// made up about one payment says nothing about another.
fn checked_reference(prefix: &str, number: usize) -> String {
    let check = 98 - number * 100 % 97;
    format!("{prefix}-{number:07}{check:02}")
}
