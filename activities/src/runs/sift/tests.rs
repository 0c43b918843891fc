//! Days of a source whose rows are scanned end as those whose rows are all read, whatever the rows say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use domain::audit::AuditEvent;
use domain::money::Amount;
use domain::open_items::Records;
use domain::policy::{Field, Key, MatchRule, Term, TextStep, Tolerance, Tolerances};
use domain::record::{ReferenceKind, Side};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use workflows::ports::{Closing, Ending, Fetch, Opened, Opening, Run, Sides};

use super::*;
use crate::Trueup;
use crate::cases::tests::{empty, source as any_source};
use crate::positions::Position;
use crate::runs::{close, conclude, fetch, open};
use crate::source::{RepeatedReport, Source};
use crate::store::DiscrepancyFilter;
use crate::store::conformance::SOURCE;

const FORMAT: &str = r#"
[csv]
dates = ["%Y-%m-%d", "%d.%m.%Y"]
[csv.fields]
reference = "reference"
invoice = "invoice"
amount = "amount"
currency = "currency"
value_date = "value date"
status = "status"
[csv.status_values]
pending = ["PENDING"]
settled = ["SETTLED"]
failed = ["FAILED"]
reversed = ["REVERSED"]
"#;
/// What keeps a file from being scanned, and leaves no row out.
const SKIP: &str = r#"
[[csv.skip]]
column = "reference"
equals = ["never"]
"#;

const HEAD: &str = "reference,invoice,amount,currency,value date,status\n";

#[derive(Clone, Debug)]
struct Day {
    date: u32,
    generation: u32,
    partner: String,
    ledger: String,
}

/// Reads the rows of both sides as they are, or one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    Scanned,
    OneByOne,
}

fn source(reading: Reading, records: Records) -> Source {
    let format = match reading {
        Reading::Scanned => FORMAT.to_owned(),
        Reading::OneByOne => format!("{FORMAT}{SKIP}"),
    };
    let of = |side: &str| format.replace("[csv", &format!("[{side}.format.csv"));
    let mut source = any_source();
    source.text = of("partner") + &of("ledger").replace("[[csv", "[[ledger.format.csv");
    let any_case = Term {
        field: Field::Reference(ReferenceKind::Reference),
        steps: vec![TextStep::IgnoreCase],
    };
    source.policy.rules = vec![
        MatchRule::exact("reference", &[ReferenceKind::Reference]),
        MatchRule::exact("invoice", &[ReferenceKind::Invoice]),
        MatchRule {
            on: vec![Key::same(any_case)],
            ..MatchRule::exact("in any case", &[])
        },
    ];
    let cent = Tolerance {
        accepted: Amount::parse("0.01").unwrap(),
        ..Tolerance::default()
    };
    let euro = domain::money::Currency::parse("EUR").unwrap();
    source.policy.tolerances = Tolerances([(euro, cent)].into());
    source.policy.settlement_window_days = 2;
    source.repeated_report = RepeatedReport::Accept;
    for (side, name) in [
        (&mut source.partner, "partner"),
        (&mut source.ledger, "ledger"),
    ] {
        let path = format!("{name}-{{business_date}}.csv");
        side.transport = serde_json::from_value(json!({"kind": "file", "path": path})).unwrap();
        side.format = toml::from_str(&format).unwrap();
        side.records = records;
    }
    source
}

/// An installation with nothing on record.
async fn installed(folder: &Path, reading: Reading, records: Records) -> Arc<Trueup> {
    let mut trueup = empty(folder).await;
    trueup.folder = folder.to_owned();
    trueup.sources = Arc::new([(SOURCE.to_owned(), source(reading, records))].into());
    trueup.pace.small_run_bytes = 1 << 20;
    Arc::new(trueup)
}

/// What a day comes to.
async fn come_to(trueup: &Arc<Trueup>, reading: Reading, day: &Day) -> proto::wire::RunTotals {
    for (name, rows) in [("partner", &day.partner), ("ledger", &day.ledger)] {
        let name = format!("{name}-2026-11-{}.csv", day.date);
        std::fs::write(trueup.folder.join(name), format!("{HEAD}{rows}")).unwrap();
    }
    let totals = reconcile(trueup, day).await;
    assert_eq!(is_scanned(trueup).await, reading == Reading::Scanned);
    totals
}

/// All that a source's days leave behind that is not about how they were read.
async fn left_behind(reading: Reading, records: Records, days: &[Day]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let trueup = installed(folder.path(), reading, records).await;
    let mut all = String::new();
    for day in days {
        let totals = come_to(&trueup, reading, day).await;
        writeln!(all, "{day:?}\n{totals:#?}").unwrap();
        all += &on_record(&trueup, day).await;
    }
    all
}

/// Whether the last run scanned its ledger side.
async fn is_scanned(trueup: &Trueup) -> bool {
    let stored = trueup.store.position(SOURCE).await.unwrap().unwrap();
    let position = Position::load(&trueup.staging, &stored).await.unwrap();
    let side = &position.spent.last().unwrap().ledger_side;
    let manifest = SideManifest::load(&trueup.staging, side).await.unwrap();
    manifest.inputs.iter().all(|input| input.head.is_some())
}

fn run_of(day: &Day) -> Run {
    let request = json!({
        "source": SOURCE, "business_date": format!("2026-11-{}", day.date), "requested_by": "ops",
        "generation": day.generation,
    });
    let request = serde_json::from_value(request).unwrap();
    Run {
        run_id: workflows::identity::run_id(&request),
        request,
    }
}

fn opening(run: &Run) -> Opening {
    Opening {
        run: run.clone(),
        workflow_run_id: format!("execution of {}", run.run_id),
        at: "2026-11-20T08:00:00Z".to_owned(),
        in_steps: false,
    }
}

async fn reconcile(trueup: &Arc<Trueup>, day: &Day) -> proto::wire::RunTotals {
    let run = run_of(day);
    let done = match open(trueup, opening(&run), 1).await.unwrap() {
        Opened::Completed { totals } => return totals,
        Opened::Recorded(done) => done,
        other => panic!("{other:?}"),
    };
    let closing = Closing {
        run,
        ending: Ending::Completed {
            totals: done.totals.clone(),
            review: String::new(),
        },
        audit: done.recorded.audit,
        at: opening(&run_of(day)).at,
    };
    close::work(trueup, closing).await.unwrap();
    done.totals
}

async fn on_record(trueup: &Trueup, day: &Day) -> String {
    let run = run_of(day);
    let filter = DiscrepancyFilter::default();
    let found = trueup.store.discrepancies(filter).await.unwrap();
    let trail = trueup.store.audit(&run.run_id).await.unwrap();
    let compared = trail.entries.iter();
    let mut compared = compared.filter(|entry| entry.event == AuditEvent::Compared);
    let roots = compared.next().unwrap().fields.iter();
    let roots: BTreeMap<&str, &str> = roots
        .filter(|(name, _)| name.ends_with("_root") || name == "matched")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let stored = trueup.store.position(SOURCE).await.unwrap().unwrap();
    let position = Position::load(&trueup.staging, &stored).await.unwrap();
    let mut position = serde_json::to_value(&position).unwrap();
    for spent in position["spent"].as_array_mut().unwrap() {
        // How the sides were staged is another matter.
        spent["ledger_side"].take();
        spent["partner_side"].take();
    }
    format!("{found:#?}\n{roots:#?}\n{position:#}\n")
}

/// Rows that mostly agree with the other side's: of few references, so that they meet.
fn rows() -> impl Strategy<Value = String> {
    let plain = (0u32..30, 0u32..3, 19u32..23).prop_map(|(reference, cents, day)| {
        format!(
            "R{reference},I{},{reference}.0{cents},EUR,2026-11-{day},",
            reference % 9
        )
    });
    let letter = select(vec!["R", "R", "R", "r"]);
    let status = select(vec!["SETTLED", "SETTLED", "PENDING", "FAILED", "REVERSED"]);
    let usual = (letter, 0u32..100, status).prop_map(|(letter, reference, status)| {
        format!("{letter}{reference},I{reference},{reference}.50,EUR,2026-11-20,{status}")
    });
    let odd = select(vec![
        " R1 ,I1,1.00,EUR,2026-11-20,",
        "\"R2\",I2,2.00,EUR,20.11.2026,",
        "\"R\"\"3\",I3,3.00,EUR,2026-11-20,",
        ",I4,4.00,EUR,2026-11-20,",
        ",,5.00,EUR,2026-11-20,",
        "R6,,-6.00,USD,2026-11-20,FAILED",
        "R7,=\"0012\",7.00,USD,2026-11-20,SETTLED",
        "R8,I8,none,EUR,2026-11-20,",
        "R9,I9,9.00,EUR,2026-11-20,unknown",
        "R10,I10,10.123456,EUR,2026-11-20,",
        "R11,I11,99999999999.00,EUR,2026-11-20,",
        "\"R12\nR12\",I12,12.00,EUR,2026-11-20,",
        "",
    ]);
    let of_invoice = (200u32..220)
        .prop_map(|reference| format!("R{reference},I{},8.00,EUR,2026-11-20,", reference % 3));
    let long = (0u32..3).prop_map(|reference| {
        let reference = format!("{reference}").repeat(300);
        format!("{reference},,1.00,EUR,2026-11-20,")
    });
    let row = prop_oneof![
        8 => usual,
        4 => plain,
        2 => of_invoice,
        1 => odd.prop_map(str::to_owned),
        1 => long,
    ];
    vec(row, 0..25).prop_map(|rows| rows.iter().map(|row| format!("{row}\n")).collect())
}

/// A day whose sides have much in common, and may share rows with the days before.
fn days() -> impl Strategy<Value = Vec<Day>> {
    let day = (20u32..23, rows(), rows(), rows(), any::<bool>());
    vec(day, 1..5).prop_map(|days| {
        let mut generations: BTreeMap<u32, u32> = BTreeMap::new();
        let mut before = String::new();
        let days = days
            .into_iter()
            .map(|(date, common, partner, ledger, again)| {
                let generation = generations.entry(date).or_insert(0);
                *generation += 1;
                let common = match again {
                    true => format!("{before}{common}"),
                    false => common,
                };
                before.clone_from(&common);
                Day {
                    date,
                    generation: *generation,
                    partner: format!("{common}{partner}"),
                    ledger: format!("{ledger}{common}"),
                }
            });
        days.collect()
    })
}

/// What a comparison finds whose rules were changed after the sides were staged.
async fn found_by_other_rules(reading: Reading) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut trueup = empty(folder.path()).await;
    trueup.folder = folder.path().to_owned();
    trueup.sources = Arc::new([(SOURCE.to_owned(), source(reading, Records::New))].into());
    let day = Day {
        date: 20,
        generation: 1,
        partner: "R1,I1,1.00,EUR,2026-11-20,\nR2,I2,2.00,EUR,2026-11-20,\n".to_owned(),
        ledger: "R1,I2,1.00,EUR,2026-11-20,\nR2,I1,2.00,EUR,2026-11-20,\n".to_owned(),
    };
    for (name, rows) in [("partner", &day.partner), ("ledger", &day.ledger)] {
        let path = folder.path().join(format!("{name}-2026-11-20.csv"));
        std::fs::write(path, format!("{HEAD}{rows}")).unwrap();
    }
    let run = run_of(&day);
    let in_steps = Opening {
        in_steps: true,
        ..opening(&run)
    };
    open(&Arc::new(trueup.clone()), in_steps, 1).await.unwrap();
    let fetched = async |side: Side| {
        let fetch = Fetch {
            run: run.clone(),
            side: side.name().to_owned(),
            position: None,
        };
        fetch::from_the_start(&trueup, fetch, "execution")
            .await
            .unwrap()
    };
    let (partner, ledger) = (fetched(Side::Partner).await, fetched(Side::Ledger).await);
    let mut by_invoice = source(reading, Records::New);
    by_invoice.policy.rules.remove(0);
    let changed = Arc::new(Trueup {
        sources: Arc::new([(SOURCE.to_owned(), by_invoice)].into()),
        ..trueup.clone()
    });
    let sides = Sides { partner, ledger };
    let concluded = conclude::both_sides(&changed, run, sides, None, "execution").await;
    let concluded = concluded.unwrap();
    format!("{:#?}", concluded.totals)
}

#[tokio::test]
async fn rules_that_were_changed_meanwhile_decide_about_records() {
    let scanned = found_by_other_rules(Reading::Scanned).await;
    assert_eq!(scanned, found_by_other_rules(Reading::OneByOne).await);
    assert!(scanned.contains("matched: 0,"), "{scanned}");
}

#[tokio::test]
async fn what_is_open_and_shown_in_other_words_is_the_same_however_it_is_read() {
    let before = "R1,I1,1.00,EUR,2026-11-19,\nR8,I8,8.00,EUR,2026-11-20,\n";
    let day = |date: u32, partner: &str, ledger: &str| Day {
        date,
        generation: 1,
        partner: format!("{before}{partner}"),
        ledger: format!("{before}{ledger}"),
    };
    let ledger = "R4,,4.00,EUR,2026-11-20,\n,I5,5.00,EUR,2026-11-20,\nR6,,6.60,EUR,2026-11-20,\n";
    // A reference is filled in, an invoice, and an amount is corrected; and one turns out to be R8 once more.
    let open = ",I4,4.00,EUR,2026-11-20,\nR5,,5.00,EUR,2026-11-20,\nR6,,6.00,EUR,2026-11-20,\n\
                ,I9,8.00,EUR,2026-11-20,\n";
    let corrected = "R6,,6.60,EUR,2026-11-20,\nR5,I5,5.00,EUR,2026-11-20,\nR4,I4,4.00,EUR,2026-11-20,\n\
         R8,I9,8.00,EUR,2026-11-20,\n";
    for reading in [Reading::Scanned, Reading::OneByOne] {
        for records in [Records::Cumulative, Records::Snapshot] {
            let folder = tempfile::tempdir().unwrap();
            let trueup = installed(folder.path(), reading, records).await;
            let first = come_to(&trueup, reading, &day(20, open, ledger)).await;
            assert_eq!(
                (first.discrepancies, first.in_transit),
                (4, 2),
                "{reading:?}"
            );
            let second = come_to(&trueup, reading, &day(21, corrected, ledger)).await;
            assert_eq!(
                (second.discrepancies, second.cleared),
                (1, 4),
                "{reading:?}"
            );
            // What was matched, what was filled in, and the ledger's three.
            assert_eq!(second.by_kind.get("duplicate_at_partner"), Some(&1));
            assert_eq!((second.known, second.matched), (10, 3));
            let of_partner = second.conservation.iter();
            let of_partner = of_partner.filter(|line| line.side == "partner");
            let counts = of_partner.map(|line| {
                let parts = [&line.opening, &line.received, &line.voided];
                (
                    parts.map(|part| part.as_ref().map_or(0, |it| it.count)),
                    line.holds,
                )
            });
            assert_eq!(counts.collect::<Vec<_>>(), [([4, 1, 1], true)]);
            let third = come_to(&trueup, reading, &day(22, corrected, ledger)).await;
            assert_eq!((third.discrepancies, third.known), (1, 11), "{reading:?}");
        }
    }
}

#[tokio::test]
async fn an_invoice_that_is_paid_again_on_another_day_is_known() {
    let day = |date: u32, partner: &str, ledger: &str| Day {
        date,
        generation: 1,
        partner: partner.to_owned(),
        ledger: ledger.to_owned(),
    };
    let both =
        "R1,I1,1.00,EUR,2026-11-20,\nR2,I2,2.00,EUR,2026-11-20,\nR3,I3,3.00,EUR,2026-11-20,\n";
    let again = "R4,I2,2.00,EUR,2026-11-21,\n";
    for reading in [Reading::Scanned, Reading::OneByOne] {
        for (records, before) in [
            (Records::New, ""),
            (Records::Cumulative, both),
            (Records::Snapshot, both),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let trueup = installed(folder.path(), reading, records).await;
            let first = come_to(&trueup, reading, &day(20, both, both)).await;
            assert_eq!(first.matched, 3);
            let report = format!("{before}{again}");
            let second = come_to(&trueup, reading, &day(21, &report, before)).await;
            let kinds: Vec<_> = second.by_kind.into_iter().collect();
            assert_eq!(
                kinds,
                [("duplicate_at_partner".to_owned(), 1)],
                "{records:?}"
            );
            let filter = DiscrepancyFilter::default();
            let found = trueup.store.discrepancies(filter).await.unwrap();
            let [found] = &found[..] else {
                panic!("{found:?}");
            };
            assert_eq!(
                found.discrepancy.reason,
                "partner reports 2.00 EUR for I2 (as R2 and as R4) twice (value dates 2026-11-20 and \
                 2026-11-21), the ledger has it once; recon/acme-pay/2026-11-20 matched the other"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn rows_that_are_scanned_end_as_records_do(
        records in select(vec![Records::New, Records::Cumulative, Records::Snapshot]),
        days in days(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let scanned = runtime.block_on(left_behind(Reading::Scanned, records, &days));
        let read = runtime.block_on(left_behind(Reading::OneByOne, records, &days));
        prop_assert_eq!(scanned, read);
    }
}
