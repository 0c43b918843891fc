//! Records from so few references, amounts and dates that they collide in every way there is.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Pool, record};

const RECORDS_MAX: usize = 14;

/// A pool of at most [`RECORDS_MAX`] records whose lines are numbered from 1.
pub(super) fn pools() -> impl Strategy<Value = Pool> {
    vec(lines(), 0..=RECORDS_MAX).prop_map(numbered)
}

/// The same records on other lines: each pool shuffled, and numbered anew.
pub(super) fn pools_in_two_orders() -> impl Strategy<Value = (Pool, Pool)> {
    in_two_orders(vec(lines(), 0..=RECORDS_MAX))
}

/// The same records twice, with other names for the same clients and invoices, which stand in another order. All
/// money moved: which of two announcements a settled payment ends, and which of two payments one takes back that
/// failed, is told by their order.
pub(super) fn pools_by_other_names() -> impl Strategy<Value = (Pool, Pool)> {
    vec(lines(), 0..=RECORDS_MAX).prop_map(|lines| {
        let moved = |line: &String| {
            let statuses = ["=pending", "=failed", "=reversed"].into_iter();
            statuses.fold(line.clone(), |line, status| {
                line.replace(status, "=settled")
            })
        };
        let lines = lines.iter().map(moved);
        let lines: Vec<String> = lines.collect();
        let renamed = lines.iter().map(|line| {
            let line = line.replace("client=x", "client=z");
            line.replace("invoice=I1", "invoice=I3")
        });
        let renamed = numbered(renamed.collect());
        (numbered(lines), renamed)
    })
}

fn in_two_orders(lines: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = (Pool, Pool)> {
    lines.prop_flat_map(|lines| {
        let shuffled = Just(lines.clone()).prop_shuffle();
        shuffled.prop_map(move |other| (numbered(lines.clone()), numbered(other)))
    })
}

/// The texts of [`record`], each line numbered.
pub(super) fn numbered(lines: Vec<String>) -> Pool {
    let mut pool = Pool::default();
    for (line, text) in (1..).zip(&lines) {
        pool.push(record(text, line));
    }
    pool
}

/// Few records that differ in little but how they are spelled.
pub(super) fn pools_of_kin() -> impl Strategy<Value = Pool> {
    vec(lines_of_kin(), 0..=6).prop_map(numbered)
}

/// The same on other lines.
pub(super) fn pools_of_kin_in_two_orders() -> impl Strategy<Value = (Pool, Pool)> {
    in_two_orders(vec(lines_of_kin(), 0..=6))
}

fn lines_of_kin() -> impl Strategy<Value = String> {
    let side = select(vec!["P", "L"]);
    let reference = select(vec!["PAY", "pay", "B", "-"]);
    let amount = select(vec!["100", "100", "100", "90"]);
    let day = prop_oneof![4 => 5u32..=6, 1 => 1u32..=20];
    let more = select(vec![
        "",
        "",
        "invoice=PAY",
        "status=settled",
        "status=failed",
        "status=pending",
        "client=x",
    ]);
    (side, reference, amount, day, more).prop_map(|(side, reference, amount, day, more)| {
        format!("{side} {reference} {amount} EUR {day} {more}")
    })
}

/// One record as text: mostly under reference A or B, in euro and within a few days.
pub(super) fn lines() -> impl Strategy<Value = String> {
    let side = select(vec!["P", "L"]);
    let reference = select(vec!["A", "A", "A", "B", "B", "C", "D12345", "D12354", "-"]);
    let amount = select(vec![
        "100", "100", "100", "100.01", "100.04", "90", "90", "-100", "0",
    ]);
    let currency = select(vec!["EUR", "EUR", "EUR", "EUR", "USD"]);
    let day = prop_oneof![4 => 5u32..=6, 1 => 1u32..=20];
    let status = select(vec![
        "",
        "",
        "",
        "status=settled",
        "status=reversed",
        "status=failed",
        "status=pending",
        "status=pending",
    ]);
    let fee = select(vec![
        "",
        "",
        "",
        "",
        "fee=103/3/100",
        "fee=103/3/101",
        "fee=104/4/100",
    ]);
    let invoice = select(vec!["", "", "invoice=I1", "invoice=I2"]);
    let client = select(vec!["", "client=x", "client=y"]);
    let fields = (
        side, reference, amount, currency, day, status, fee, invoice, client,
    );
    fields.prop_map(
        |(side, reference, amount, currency, day, status, fee, invoice, client)| {
            format!(
                "{side} {reference} {amount} {currency} {day} {status} {fee} {invoice} {client}"
            )
        },
    )
}
