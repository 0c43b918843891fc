//! Runs, their inputs and rejects, positions, turns and reviews.

use domain::record::Side;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Row, Transaction};

use super::rows::{every, item, number, parse, small, text, with_numbers};
use super::{Key, Rows, keys};
use crate::store::StoreError;
use crate::store::dynamo::inputs::REJECTS_BYTES;
use crate::store::dynamo::item::Item;
use crate::store::text::json;

pub(super) fn read(transaction: &Transaction<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    every(
        transaction,
        "SELECT * FROM runs ORDER BY opened_at",
        |row| run(row, add),
    )?;
    every(
        transaction,
        "SELECT i.*, r.source FROM inputs i JOIN runs r USING (run_id)",
        |row| input(row, add),
    )?;
    rejects(transaction, add)?;
    every(transaction, "SELECT * FROM positions", |row| {
        position(row, add)
    })?;
    every(transaction, "SELECT * FROM turns", |row| {
        let turn = item(row, &["run_id", "workflow_run_id", "renewed_at"])?;
        add(keys::turn(&text(row, "source")?), turn)
    })?;
    every(transaction, "SELECT * FROM reviews", |row| {
        let columns = ["began_at", "ends_at", "ended", "ended_by", "note"];
        add(keys::review(&text(row, "run_id")?), item(row, &columns)?)
    })?;
    every(transaction, "SELECT * FROM sign_offs", |row| {
        let columns = ["run_id", "signed_by", "signed_at", "content"];
        add(keys::sign_off(&text(row, "run_id")?), item(row, &columns)?)
    })?;
    every(transaction, "SELECT * FROM restatements", |row| {
        let columns = ["run_id", "of_run", "content"];
        add(
            keys::restatement(&text(row, "run_id")?),
            item(row, &columns)?,
        )
    })
}

fn run(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let run_id = text(row, "run_id")?;
    let columns = [
        "run_id",
        "workflow_run_id",
        "source",
        "business_date",
        "scope",
        "scope_id",
        "requested_by",
        "opened_at",
        "state",
        "problem",
        "totals",
        "closed_at",
    ];
    let opened_at: Timestamp = parse(row, "opened_at", |text| text.parse().ok())?;
    let order = format!("{}#{run_id}", keys::newest_first(opened_at));
    let run = with_numbers(row, item(row, &columns)?, &["generation", "attempt"])?;
    add(keys::run(&run_id), run.listed("runs", order))?;
    let date: Date = parse(row, "business_date", |text| text.parse().ok())?;
    let (scope, scope_id) = (text(row, "scope")?, text(row, "scope_id")?);
    let business = keys::generations(&text(row, "source")?, date, &scope, &scope_id);
    let generation = Item::default().with("run_id", run_id);
    add(
        keys::generation(business, small(row, "generation")?),
        generation,
    )
}

fn input(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let (run_id, attempt) = (text(row, "run_id")?, small(row, "attempt")?);
    let (side_name, name) = (text(row, "side")?, text(row, "name")?);
    let columns = ["side", "name", "sha256", "totals", "declared_id"];
    let numbers = [
        "bytes",
        "rows_read",
        "rows_accepted",
        "rows_rejected",
        "rows_skipped",
    ];
    let input = with_numbers(row, item(row, &columns)?, &numbers)?;
    let side = parse(row, "side", Side::parse)?;
    add(keys::input(&run_id, attempt, side, &name), input)?;
    let partition = keys::seen(&text(row, "source")?, &text(row, "sha256")?);
    let seen = item(row, &["run_id", "side", "name"])?.with_number("attempt", attempt);
    let sort = format!("{run_id}#{attempt}#{side_name}#{name}");
    add(Key::new(partition, sort), seen)
}

/// Many to an item: those of one input one after the other, as far as they fit.
fn rejects(transaction: &Transaction<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let mut group = Group::default();
    let query = "SELECT * FROM rejects ORDER BY run_id, attempt, side, name, position";
    every(transaction, query, |row| {
        let side = parse(row, "side", Side::parse)?;
        let (run_id, name) = (text(row, "run_id")?, text(row, "name")?);
        let partition = keys::rejects(&run_id, small(row, "attempt")?, side, &name);
        if group.partition != partition {
            group.hand_over(add)?;
            group = Group {
                partition,
                ..Group::default()
            };
        }
        let content = text(row, "content")?;
        group.bytes += content.len();
        group.texts.push(content);
        match group.bytes < REJECTS_BYTES {
            true => Ok(()),
            false => group.hand_over(add),
        }
    })?;
    group.hand_over(add)
}

/// Rejects of one input that go into one item.
#[derive(Default)]
struct Group {
    partition: String,
    position: u32,
    texts: Vec<String>,
    bytes: usize,
}

impl Group {
    fn hand_over(&mut self, add: Rows<'_>) -> Result<(), StoreError> {
        if self.texts.is_empty() {
            return Ok(());
        }
        let key = keys::reject(self.partition.clone(), self.position);
        add(key, Item::default().with("rejects", json(&self.texts)?))?;
        self.texts.clear();
        self.bytes = 0;
        self.position += 1;
        Ok(())
    }
}

fn position(row: &Row<'_>, add: Rows<'_>) -> Result<(), StoreError> {
    let columns = ["run_id", "business_date", "manifest_key", "manifest_sha256"];
    let numbers = ["sequence", "attempt", "manifest_bytes"];
    let position = with_numbers(row, item(row, &columns)?, &numbers)?;
    let own = keys::position_of_run(&text(row, "run_id")?, small(row, "attempt")?);
    add(own, position.clone())?;
    let key = keys::position(&text(row, "source")?, number(row, "sequence")?);
    add(key, position)
}
