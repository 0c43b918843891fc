//! Where everything is: the partition and sort key of each kind of item. `docs/dynamodb.md` tells
//! the reasons.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::record::Side;
use domain::severity::Severity;
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

/// What the many items of one run, cause or source are spread over: sixteen partitions, so that
/// none of them gets more than a sixteenth of the writes.
pub(super) const SHARDS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
];

/// The key of an item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    pub(super) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Key {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    pub(super) fn to_table(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    /// The key of an item that came from the table.
    pub(super) fn of(attributes: &HashMap<String, AttributeValue>) -> Option<Self> {
        let text = |name: &str| attributes.get(name)?.as_s().ok().cloned();
        Some(Key::new(text("pk")?, text("sk")?))
    }
}

/// The shard of an id: its first digit, so that the shards in order are the ids in order. Ids that
/// are no hexadecimal digits have shards by their hash.
pub(super) fn shard(id: &str) -> char {
    let first = id.chars().next();
    match first.filter(|it| SHARDS.contains(it)) {
        Some(digit) => digit,
        None => SHARDS[usize::from(Sha256::digest(id)[0] >> 4)],
    }
}

/// Sorts before what is earlier.
pub(super) fn newest_first(at: Timestamp) -> String {
    let left = i128::from(i64::MAX) - at.as_nanosecond();
    format!("{:0>20}", left.max(0))
}

/// Sorts before what is an earlier day.
pub(super) fn latest_first(date: Date) -> String {
    let number =
        i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
    format!("{:0>9}", 99_999_999 - number)
}

/// The most severe first.
pub(super) fn rank(severity: Severity) -> char {
    match severity {
        Severity::Critical => '0',
        Severity::High => '1',
        Severity::Low => '2',
    }
}

/// Ten digits: sorts as the number does.
fn ordered(number: u32) -> String {
    format!("{number:0>10}")
}

// Runs.

pub(super) fn run(run_id: &str) -> Key {
    Key::new(format!("run#{run_id}"), "run")
}

/// Generations of one business: `<number>` → run id.
pub(super) fn generations(source: &str, date: Date, scope: &str, scope_id: &str) -> String {
    format!("business#{source}#{date}#{scope}#{scope_id}")
}

pub(super) fn generation(business: String, number: u32) -> Key {
    Key::new(business, ordered(number))
}

pub(super) fn review(run_id: &str) -> Key {
    Key::new(format!("run#{run_id}"), "review")
}

pub(super) fn sign_off(run_id: &str) -> Key {
    Key::new(format!("run#{run_id}"), "signed_off")
}

pub(super) fn restatement(run_id: &str) -> Key {
    Key::new(format!("run#{run_id}"), "restatement")
}

pub(super) fn position_of_run(run_id: &str, attempt: u32) -> Key {
    let sk = format!("position#{}", ordered(attempt));
    Key::new(format!("run#{run_id}"), sk)
}

pub(super) fn input(run_id: &str, attempt: u32, side: Side, name: &str) -> Key {
    let sk = format!("{}{}#{name}", inputs(attempt), side_order(side));
    Key::new(format!("run#{run_id}"), sk)
}

/// What the sort keys of the inputs of an attempt begin with.
pub(super) fn inputs(attempt: u32) -> String {
    format!("input#{}#", ordered(attempt))
}

/// The partition of an input's rejects.
pub(super) fn rejects(run_id: &str, attempt: u32, side: Side, name: &str) -> String {
    format!("rejects#{run_id}#{attempt}#{}#{name}", side.name())
}

pub(super) fn reject(rejects: String, position: u32) -> Key {
    Key::new(rejects, ordered(position))
}

/// The partition of runs of a source that read these bytes.
pub(super) fn seen(source: &str, sha256: &str) -> String {
    format!("seen#{source}#{sha256}")
}

/// The partner's first.
fn side_order(side: Side) -> char {
    match side {
        Side::Partner => '0',
        Side::Ledger => '1',
    }
}

// Findings and cases.

/// The partition of some of the discrepancies that an attempt at a run found.
pub(super) fn found(run_id: &str, attempt: u32, shard: char) -> String {
    format!("found#{run_id}#{attempt}#{shard}")
}

pub(super) fn finding(run_id: &str, attempt: u32, severity: Severity, id: &str) -> Key {
    let pk = found(run_id, attempt, shard(id));
    Key::new(pk, format!("{}#{id}", rank(severity)))
}

/// The partition of the cases whose ids begin with two digits.
pub(super) fn cases(digits: &str) -> String {
    format!("cases#{digits}")
}

pub(super) fn case(id: &str) -> Key {
    let digits: String = id.chars().take(2).collect();
    Key::new(cases(&digits), id)
}

/// The partition in the index `list` of some of a source's cases.
pub(super) fn listed_cases(source: &str, is_open: bool, shard: char) -> String {
    let state = if is_open { "open" } else { "closed" };
    format!("cases#{source}#{state}#{shard}")
}

/// The partition of what belongs to one case.
pub(super) fn of_case(id: &str) -> String {
    format!("case#{id}")
}

pub(super) fn act(id: &str, act_id: &str) -> Key {
    Key::new(of_case(id), format!("act#{act_id}"))
}

/// That people were told of a discrepancy by an alert.
pub(super) fn told(id: &str, alert_id: &str) -> Key {
    Key::new(of_case(id), format!("told#{alert_id}"))
}

/// The partition of some of the discrepancies that the alerts of a case tell of.
pub(super) fn covered(case_id: &str, shard: char) -> String {
    format!("covered#{case_id}#{shard}")
}

pub(super) fn coverage(case_id: &str, id: &str) -> Key {
    Key::new(covered(case_id, shard(id)), id)
}

/// The partition of the resolutions of a source's discrepancies that wait for a second person.
pub(super) fn proposals(source: &str) -> String {
    format!("proposed#{source}")
}

/// Changes whenever a resolution of the source is proposed: signing off depends on it.
pub(super) fn proposals_moved(source: &str) -> Key {
    Key::new(format!("source#{source}"), "proposals")
}

/// A source that has cases; all of them are one partition.
pub(super) fn source(source: &str) -> Key {
    Key::new(SOURCES, source)
}

/// The partition of the sources that have cases.
pub(super) const SOURCES: &str = "sources";

// Causes.

pub(super) fn cause(id: &str) -> Key {
    Key::new(of_case(id), "cause")
}

/// The partition of some of the discrepancies behind a cause.
pub(super) fn behind(cause: &str, shard: char) -> String {
    format!("behind#{cause}#{shard}")
}

pub(super) fn member(cause: &str, id: &str) -> Key {
    Key::new(behind(cause, shard(id)), id)
}

/// That a run found something of a cause.
pub(super) fn cause_of_run(run_id: &str, cause: &str) -> Key {
    Key::new(format!("run#{run_id}"), format!("cause#{cause}"))
}

// Alerts.

/// The partition of the alerts of a case.
pub(super) fn alerts(case_id: &str) -> String {
    format!("alerts#{case_id}")
}

pub(super) fn alert(case_id: &str, alert_id: &str) -> Key {
    Key::new(alerts(case_id), alert_id)
}

/// Which case an alert is of.
pub(super) fn case_of_alert(alert_id: &str) -> Key {
    Key::new(format!("alert#{alert_id}"), "case")
}

// Sources.

pub(super) fn turn(source: &str) -> Key {
    Key::new(format!("source#{source}"), "turn")
}

pub(super) fn last_digest(source: &str) -> Key {
    Key::new(format!("source#{source}"), "digest")
}

pub(super) fn positions(source: &str) -> String {
    format!("positions#{source}")
}

pub(super) fn position(source: &str, sequence: u64) -> Key {
    Key::new(positions(source), format!("{sequence:0>12}"))
}

/// The partition of the incidents of a source's day.
pub(super) fn incidents(source: &str, date: Date) -> String {
    format!("incidents#{source}#{date}")
}

// The audit trail.

/// The partition of a stream's entries.
pub(super) fn entries(stream: &str) -> String {
    format!("audit#{stream}")
}

pub(super) fn entry(stream: &str, sequence: u64) -> Key {
    Key::new(entries(stream), format!("{sequence:0>12}"))
}

/// The partition of some of the heads.
pub(super) fn heads(shard: char) -> String {
    format!("head#{shard}")
}

pub(super) fn head(stream: &str) -> Key {
    Key::new(heads(stream_shard(stream)), stream)
}

/// Streams begin alike: their shards are by hash.
pub(super) fn stream_shard(stream: &str) -> char {
    SHARDS[usize::from(Sha256::digest(stream)[0] >> 4)]
}
