//! A week at the desk, from the schedule to the sign-off, as the accounting team lives it: reports
//! that are late, amended and wrong, two people at the same case, and an auditor at the end. The
//! same week is told in `docs/week.md`.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::installation::{Installation, RUN_WITHIN, Said, eventually, texts};
use tests::servers::SlackReceiver;
use tests::shop;

const MONDAY: &str = "2026-11-09";
const TUESDAY: &str = "2026-11-10";
const WEDNESDAY: &str = "2026-11-11";
const THURSDAY: &str = "2026-11-12";
const FRIDAY: &str = "2026-11-13";

/// Accountants work on cases, the controller agrees and signs off.
const PEOPLE: &str = "
[people.ann]
roles = [\"accountant\"]

[people.ben]
roles = [\"accountant\"]

[people.carol]
roles = [\"controller\"]

[[authority]]
role = \"accountant\"
actions = [\"resolve\", \"comment\", \"assign\", \"acknowledge\"]

[[authority]]
role = \"controller\"
actions = [\"approve\", \"reject\", \"reopen\", \"sign_off\"]
";
const SOURCE: &str = "
[[approval]]
resolutions = [\"write_off\"]
";

/// What both sides write down as the week goes on.
struct Week {
    shop: Installation,
    slack: SlackReceiver,
    ledger: String,
}

impl Week {
    async fn begin() -> Result<Self> {
        let slack = SlackReceiver::start().await?;
        let mut shop = Installation::start().await?;
        shop.write("trueup.toml", format!("{}{PEOPLE}", shop::SLACK))?;
        let source = shop::source(&["night"]).replace(
            "[partner.transport]",
            "[partner]\nwait_for_report = \"1 second\"\n\n[partner.transport]",
        );
        let top = "time_zone = \"Europe/Berlin\"\nreview_window = \"5 days\"\n";
        shop.write("sources/shop.toml", format!("{top}{source}{SOURCE}"))?;
        shop.set_variable("SHOP_SLACK", &slack.url);
        shop.start_worker()?;
        let ledger = "reference,invoice,client,amount,currency,value_date\n".to_owned();
        Ok(Week {
            shop,
            slack,
            ledger,
        })
    }

    fn report(&self, date: &str, payments: &[(&str, &str)]) -> Result<()> {
        let header = "reference,invoice,amount,currency,value_date\n";
        let line = |(reference, amount): &(&str, &str)| {
            format!(
                "{reference},I-{reference},{amount},EUR,{}\n",
                day_of(reference)
            )
        };
        let lines: String = payments.iter().map(line).collect();
        self.shop
            .write(&shop::partner_file(date), format!("{header}{lines}"))
    }

    /// The ledger shows all that it has, every day.
    fn books(&mut self, date: &str, payments: &[(&str, &str)]) -> Result<()> {
        for (reference, amount) in payments {
            let day = day_of(reference);
            self.ledger += &format!("{reference},I-{reference},C-1,{amount},EUR,{day}\n");
        }
        self.shop.write(&shop::ledger_file(date), &self.ledger)
    }

    /// The schedule fires on this day; later days of the week have not come yet.
    async fn schedule_fires(&self, date: &str) -> Result<()> {
        let backfill = ["schedule", "backfill", "shop", "--from", date, "--to", date];
        self.shop.text(&backfill).await?;
        Ok(())
    }

    async fn in_review(&self, run: &str) -> Result<Value> {
        eventually(run, RUN_WITHIN, async || {
            let said = self.shop.trueup(&["show", run, "--json"]).await?;
            let shown = said.json().unwrap_or_default();
            Ok((shown["state"] == "in_review").then_some(shown))
        })
        .await
    }

    async fn scheduled(&self, date: &str) -> Result<Value> {
        self.schedule_fires(date).await?;
        let shown = self.in_review(&run_of(date)).await?;
        self.shop.alerts_settled().await?;
        Ok(shown)
    }

    /// Nothing material is open: the day's run is over by itself.
    async fn is_over(&self, date: &str) -> Result<()> {
        let run = run_of(date);
        eventually(&run, RUN_WITHIN, async || {
            let said = self.shop.trueup(&["show", &run, "--json"]).await?;
            let shown = said.json().unwrap_or_default();
            Ok((shown["state"] == "completed").then_some(()))
        })
        .await
    }

    /// The case of the only discrepancy of this reference that a run found.
    async fn case(&self, run: &str, reference: &str) -> Result<String> {
        let found = ["discrepancies", "--run", run, "--reference", reference];
        let found = self.shop.json(&found).await?;
        let id = found[0]["discrepancy_id"].as_str();
        Ok(id
            .with_context(|| format!("{reference}: {found}"))?
            .to_owned())
    }

    async fn state(&self, id: &str) -> Result<Value> {
        Ok(self.shop.json(&["case", "show", id]).await?["case"]["state"].clone())
    }

    async fn sign_off(&self, run: &str, by: &str) -> Result<Said> {
        let sign_off = ["review", "sign-off", run, "--by", by, "--note", "closed"];
        self.shop.trueup(&sign_off).await
    }

    fn told(&self, text: &str) -> usize {
        let posts = self.slack.delivered();
        let bodies = posts.iter().map(|post| post.body.to_string());
        bodies.filter(|body| body.contains(text)).count()
    }
}

fn run_of(date: &str) -> String {
    format!("recon/shop/{date}")
}

/// Payments are named after their day.
fn day_of(reference: &str) -> &'static str {
    match reference.as_bytes().first() {
        Some(b'M') => MONDAY,
        Some(b'T') => TUESDAY,
        Some(b'W') => WEDNESDAY,
        Some(b'H') => THURSDAY,
        _ => FRIDAY,
    }
}

#[tokio::test]
async fn a_week_from_the_schedule_to_the_sign_off() -> Result<()> {
    let mut week = Week::begin().await?;
    let set = ["schedule", "set", "shop", "--daily", "06:30"];
    week.shop.text(&set).await?;
    // Only what this test makes fire does.
    week.shop.text(&["schedule", "pause", "shop"]).await?;

    monday(&mut week).await?;
    tuesday(&mut week).await?;
    wednesday(&mut week).await?;
    thursday(&mut week).await?;
    friday(&mut week).await?;
    the_auditor(&week).await
}

/// 90 EUR too much: two people see it at the same moment, a third one agrees.
async fn monday(week: &mut Week) -> Result<()> {
    week.report(MONDAY, &[("M-1", "100.00"), ("M-2", "990.00")])?;
    week.books(MONDAY, &[("M-1", "100.00"), ("M-2", "900.00")])?;
    let run = run_of(MONDAY);
    let shown = week.scheduled(MONDAY).await?;
    assert_eq!(shown["requested_by"], "schedule", "{shown}");
    assert_eq!(week.told("M-2"), 1);
    let id = week.case(&run, "M-2").await?;
    let resolve = |by: &'static str| {
        let command = ["case", "resolve", &id, "--as", "write_off", "--by", by];
        let why = [
            "--note",
            "bank fee",
            "--reason-code",
            "fee",
            "--account",
            "6855",
        ];
        let command = [&command[..], &why].concat();
        let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
        let shop = &week.shop;
        async move { shop.trueup(&command).await }
    };
    let (ann, ben) = tokio::try_join!(resolve("ann"), resolve("ben"))?;
    let mut codes = [ann.code, ben.code];
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1)], "one of them: {ann:?} {ben:?}");
    let refused = [&ann, &ben].into_iter().find(|said| said.code == Some(1));
    let reason = refused.map(|said| format!("{}{}", said.out, said.err));
    assert!(
        reason
            .as_ref()
            .is_some_and(|it| it.contains("approve or reject that first")),
        "{reason:?}"
    );
    let early = week.sign_off(&run, "carol").await?;
    assert_eq!(early.code, Some(1), "a proposal waits: {early:?}");
    week.shop
        .text(&["case", "approve", &id, "--by", "carol"])
        .await?;
    assert_eq!(week.state(&id).await?, "resolved");
    week.is_over(MONDAY).await
}

/// 400 EUR that the ledger knows nothing of. The day is signed off with it.
async fn tuesday(week: &mut Week) -> Result<()> {
    week.report(TUESDAY, &[("T-1", "10.00"), ("T-2", "400.00")])?;
    week.books(TUESDAY, &[("T-1", "10.00")])?;
    let shown = week.scheduled(TUESDAY).await?;
    assert_eq!(shown["totals"]["by_kind"], json!({"missing_in_ledger": 1}));
    assert_eq!(week.told("M-2"), 1, "it is dealt with");
    let run = run_of(TUESDAY);
    let id = week.case(&run, "T-2").await?;
    let assign = ["case", "assign", &id, "--to", "ben", "--by", "ann"];
    week.shop.text(&assign).await?;
    let by_ann = week.sign_off(&run, "ann").await?;
    assert_eq!(by_ann.code, Some(1), "{by_ann:?}");
    let signed = week.sign_off(&run, "carol").await?;
    assert_eq!(signed.code, Some(0), "{signed:?}");
    Ok(())
}

/// The report is late. People hear of it once, and it is over when the day is reconciled.
async fn wednesday(week: &mut Week) -> Result<()> {
    week.books(WEDNESDAY, &[("W-1", "50.00")])?;
    week.schedule_fires(WEDNESDAY).await?;
    let headline = format!("the report of {WEDNESDAY} did not arrive");
    eventually("the alert", RUN_WITHIN, async || {
        Ok((week.told(&headline) == 1).then_some(()))
    })
    .await?;
    week.report(WEDNESDAY, &[("W-1", "50.00")])?;
    let run = run_of(WEDNESDAY);
    let started = ["run", "shop", "--date", WEDNESDAY, "--wait"];
    week.shop.trueup(&started).await?;
    let shown = week.in_review(&run).await?;
    assert_eq!(shown["totals"]["seen_again"], 1, "T-2: {shown}");
    assert_eq!(week.told("T-2"), 1, "nobody hears of it twice");
    assert_eq!(week.told(&headline), 1);
    Ok(())
}

/// The ledger catches up, and the partner pays twice.
async fn thursday(week: &mut Week) -> Result<()> {
    week.report(THURSDAY, &[("H-1", "70.00"), ("M-1", "100.00")])?;
    week.books(THURSDAY, &[("H-1", "70.00"), ("T-2", "400.00")])?;
    week.scheduled(THURSDAY).await?;
    let cleared = week.case(&run_of(TUESDAY), "T-2").await?;
    assert_eq!(week.state(&cleared).await?, "cleared");
    let trail = week.shop.text(&["case", "show", &cleared]).await?;
    assert!(trail.contains("settled by T-2 of 400.00 EUR"), "{trail}");
    let double = week.case(&run_of(THURSDAY), "M-1").await?;
    assert_eq!(week.told("M-1"), 1);
    let confirm = ["case", "resolve", &double, "--as", "duplicate_confirmed"];
    let why = ["--note", "they refund it", "--by", "ann"];
    week.shop.text(&[&confirm[..], &why].concat()).await?;
    Ok(())
}

/// Tuesday's report is amended: what was signed off is restated.
async fn friday(week: &mut Week) -> Result<()> {
    week.report(FRIDAY, &[("F-1", "20.00")])?;
    week.books(FRIDAY, &[("F-1", "20.00")])?;
    week.schedule_fires(FRIDAY).await?;
    for date in [WEDNESDAY, THURSDAY, FRIDAY] {
        week.is_over(date).await?;
    }
    week.report(TUESDAY, &[("T-1", "10.00"), ("T-3", "60.00")])?;
    let amended = [
        "run",
        "shop",
        "--date",
        TUESDAY,
        "--generation",
        "2",
        "--wait",
    ];
    let said = week.shop.trueup(&amended).await?;
    assert_eq!(said.code, Some(1), "{said:?}");
    let run = format!("{}/g2", run_of(TUESDAY));
    week.in_review(&run).await?;
    let shown = week.shop.json(&["review", "show", &run]).await?;
    let restated = &shown["restatement"];
    assert_eq!(restated["of_run"], run_of(TUESDAY), "{shown}");
    assert!(
        texts(&restated["new"], "reference").contains(&"T-3"),
        "{restated}"
    );
    assert_eq!(texts(&restated["gone"], "reference"), ["T-2"]);
    // T-2 was booked for nothing: the ledger stands alone with it.
    let alone = week.case(&run, "T-2").await?;
    let shown = week.shop.json(&["show", &alone]).await?;
    assert_eq!(shown["kind"], "missing_at_partner", "{shown}");
    let signed = week.sign_off(&run, "carol").await?;
    assert_eq!(signed.code, Some(0), "{signed:?}");
    Ok(())
}

/// Who did what, when, why, before and after; and that nobody changed it since.
async fn the_auditor(week: &Week) -> Result<()> {
    let verified = week.shop.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]), "{verified}");
    let written_off = week.case(&run_of(MONDAY), "M-2").await?;
    let trail = ["audit", "show", &format!("case/{written_off}")];
    let trail = week.shop.json(&trail).await?;
    let of = |event: &str| {
        let entries = trail.as_array().into_iter().flatten();
        let mut entries = entries.filter(|entry| entry["event"] == event);
        entries.next().cloned().unwrap_or_default()
    };
    let (proposed, resolved) = (of("case_proposed"), of("case_resolved"));
    assert_eq!(proposed["fields"]["note"], "bank fee", "{trail}");
    assert_eq!(resolved["actor"], "carol", "{trail}");
    let tuesday = week.shop.text(&["audit", "show", &run_of(TUESDAY)]).await?;
    for text in ["run_signed_off", "review_denied", "by carol"] {
        assert!(tuesday.contains(text), "{text}: {tuesday}");
    }
    let page = week
        .shop
        .text(&["report", &run_of(MONDAY), "--format", "html"])
        .await?;
    for text in ["carol", "bank fee", "90.00"] {
        assert!(page.contains(text), "{text}");
    }
    Ok(())
}
