//! Two made-up exports of the same payments, and the truth about how they differ.
//!
//!     rows COUNT FOLDER [SHAPE] [SEED]
//!
//! writes partner.csv, ledger.csv and truth.csv (reference, kind). Each payment is of one kind, in
//! exact shares; each side lists them in an order of its own, so that neither file helps. Needs no
//! memory to speak of: everything about a payment follows from its number.
//!
//! Shapes: `usual`; `sorted` (both sides in the order of the payments), `long` (references of 60
//! characters), `apart` (three in ten payments on one side only), `again` (one in ten twice).

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Result, Write};

/// The largest prime of ten digits: multiplying by anything modulo it mixes references up.
const REFERENCES: u64 = 9_999_999_967;
const CURRENCIES: [&str; 6] = ["CHF", "EUR", "GBP", "PLN", "SEK", "USD"];
const WINDOW_DAYS: u64 = 2;

/// What is wrong with a payment, and with how many of a million.
const KINDS: [(&str, u64); 9] = [
    ("missing_at_partner", 3000),
    ("missing_in_ledger", 3000),
    ("duplicate_at_partner", 1000),
    ("duplicate_in_ledger", 500),
    ("amount_mismatch", 5000),
    ("currency_mismatch", 500),
    ("rounding", 2000),
    ("date_mismatch", 5000),
    // A day late is within the window: nothing to report.
    ("", 10_000),
];

struct Payments {
    count: u64,
    seed: u64,
    is_long: bool,
    /// The number behind the last payment of each kind.
    ends: [u64; KINDS.len()],
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let mut next = || words.next().unwrap_or_default();
    let (count, folder, shape, seed) = (next(), next(), next(), next());
    let count: u64 = count.parse().expect("rows COUNT FOLDER [SHAPE] [SEED]");
    let payments = Payments::new(count, &shape, seed_of(&seed));
    create_dir_all(&folder)?;
    for is_partner in [true, false] {
        let name = if is_partner { "partner" } else { "ledger" };
        let file = File::create(format!("{folder}/{name}.csv"))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        payments.side(is_partner, shape != "sorted", &mut out)?;
        out.flush()?;
    }
    let mut truth = BufWriter::new(File::create(format!("{folder}/truth.csv"))?);
    writeln!(truth, "reference,kind")?;
    for payment in 0..count {
        let kind = payments.kind(payment);
        if !kind.is_empty() {
            writeln!(truth, "{},{kind}", payments.reference(payment))?;
        }
    }
    truth.flush()
}

/// Without one it is always the same.
fn seed_of(text: &str) -> u64 {
    match text {
        "" => 7,
        text => text.parse().expect("SEED is a number"),
    }
}

impl Payments {
    fn new(count: u64, shape: &str, seed: u64) -> Self {
        let mut end = 0;
        let ends = KINDS.map(|(kind, share)| {
            let share = match (shape, kind) {
                ("apart", "missing_at_partner" | "missing_in_ledger") => 150_000,
                ("again", "duplicate_at_partner" | "duplicate_in_ledger") => 50_000,
                _ => share,
            };
            end += count * share / 1_000_000;
            end
        });
        let is_long = shape == "long";
        Payments { count, seed, is_long, ends }
    }

    fn kind(&self, payment: u64) -> &'static str {
        let at = self.ends.partition_point(|end| *end <= payment);
        KINDS.get(at).map_or("", |(kind, _)| kind)
    }

    fn is_day_late(&self, payment: u64) -> bool {
        self.ends.partition_point(|end| *end <= payment) == KINDS.len() - 1
    }

    fn reference(&self, payment: u64) -> String {
        let number = (u128::from(payment + 1) * 6_180_339_887 + u128::from(self.seed)) % u128::from(REFERENCES);
        match self.is_long {
            true => format!("urn:payments:example:settlement:2026:batch:0001:item:{number:010}"),
            false => format!("PAY-{number:010}"),
        }
    }

    /// The rows of one side, each payment once, and those that come again.
    fn side(&self, is_partner: bool, is_mixed: bool, out: &mut impl Write) -> Result<()> {
        let (missing, again) = match is_partner {
            true => ("missing_at_partner", "duplicate_at_partner"),
            false => ("missing_in_ledger", "duplicate_in_ledger"),
        };
        let of_kind = |wanted: &str| {
            let at = KINDS.iter().position(|(kind, _)| *kind == wanted).unwrap_or(0);
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            (start, self.ends[at] - start)
        };
        let (first_again, times) = of_kind(again);
        let total = self.count + times;
        let step = coprime(total / 1000 * if is_partner { 618 } else { 414 } + 1, total);
        writeln!(out, "reference,amount,currency,value_date,counterparty,description,status")?;
        for row in 0..total {
            let mixed = (u128::from(row) * u128::from(step) + u128::from(self.seed)) % u128::from(total);
            let at = if is_mixed { mixed as u64 } else { row };
            let payment = if at < self.count { at } else { first_again + at - self.count };
            if self.kind(payment) != missing {
                self.row(payment, is_partner, out)?;
            }
        }
        Ok(())
    }

    fn row(&self, payment: u64, is_partner: bool, out: &mut impl Write) -> Result<()> {
        let mut draw = Draw(self.seed.wrapping_mul(0x9e37_79b9) ^ payment);
        let size = 10u64.pow(2 + draw.below(5) as u32);
        let mut cents = size + draw.below(size * 9);
        let mut currency = draw.below(6);
        let mut day = draw.below(20) + 1;
        let (by, other, late) = (2 + draw.below(5000), 1 + draw.below(5), 1 + draw.below(6));
        if is_partner {
            match self.kind(payment) {
                "amount_mismatch" => cents += by,
                "rounding" => cents += 1,
                "currency_mismatch" => currency = (currency + other) % 6,
                "date_mismatch" => day += WINDOW_DAYS + late,
                _ => day += u64::from(self.is_day_late(payment)),
            }
        }
        let (reference, who, order) = (self.reference(payment), draw.below(4000), draw.below(10_000_000));
        let (whole, rest) = (cents / 100, cents % 100);
        let currency = CURRENCIES[currency as usize];
        write!(out, "{reference},{whole}.{rest:02},{currency},2026-03-{day:02},Sigma Wholesale {who:04} BV,")?;
        match draw.below(500) {
            0 => write!(out, "\"Order {order:07} (\"\"express\"\"), part\"")?,
            1..=9 => write!(out, "\"Order {order:07}, second part\"")?,
            _ => write!(out, "Order {order:07} settled")?,
        }
        let status = if draw.below(3) == 0 { "CAPTURED" } else { "SETTLED" };
        writeln!(out, ",{status}")
    }
}

/// Numbers that follow from a payment.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x2545_f491_4f6c_dd1d);
        let mixed = (self.0 ^ self.0 >> 29).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (mixed ^ mixed >> 31) % limit
    }
}

/// The next number that has no divisor in common with `other`.
fn coprime(mut number: u64, other: u64) -> u64 {
    let divisor = |mut a: u64, mut b: u64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    while divisor(number, other) != 1 {
        number += 1;
    }
    number
}
