//! `trueup store copy`: an installation that began with a file goes on in DynamoDB, with its whole
//! past.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;
use tests::installation::{Installation, texts};
use tests::random::Random;
use tests::servers::{DynamoDb, FaultProxy, FaultRates, SlackReceiver};
use tests::shop::{self, DATE, RUN};

const NEXT_DAY: &str = "2026-11-23";
const SIGNING: &str = "[audit]\nsigning_key_file = \"audit.key\"\n\n";
/// A row that can't be read.
const BAD_ROW: &str = "P-8,INV-8,much,EUR,2026-11-20\n";

/// A shop with a past in a file: alerts, a reject, people's acts, a checkpoint. Its worker ended.
async fn with_a_past() -> Result<(Installation, SlackReceiver)> {
    let slack = SlackReceiver::start().await?;
    let mut shop = Installation::start_with_sqlite().await?;
    shop::install(&shop, &format!("{SIGNING}{}", shop::SLACK), &["night"])?;
    let report = format!("{}{BAD_ROW}", shop::PARTNER);
    shop.write(&shop::partner_file(DATE), report)?;
    let key = shop.folder().join("audit.key");
    let key = key.to_string_lossy();
    shop.text(&["audit", "key", "--out", &key]).await?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;
    shop.alerts_settled().await?;
    let found = shop.json(&["discrepancies", "--run", RUN]).await?;
    let ids = texts(&found, "discrepancy_id");
    let said = ["--note", "looked at it", "--by", "ann"];
    let accept = ["case", "resolve", ids[0], "--as", "accept"];
    shop.text(&[&accept[..], &said].concat()).await?;
    let comment = ["case", "comment", ids[1]];
    shop.text(&[&comment[..], &said].concat()).await?;
    shop.text(&["audit", "checkpoint"]).await?;
    shop.terminate_worker().await?;
    Ok((shop, slack))
}

/// Names the table in `trueup.toml`; nothing else changes.
fn move_to(shop: &mut Installation, endpoint: &str) -> Result<()> {
    let settings = std::fs::read_to_string(shop.folder().join("trueup.toml"))?;
    shop.use_dynamodb(endpoint);
    shop.write("trueup.toml", settings)
}

/// What people can read, by the command that prints it.
async fn all_that_is_said(shop: &Installation) -> Result<BTreeMap<String, Value>> {
    let mut said = BTreeMap::new();
    let mut say = async |arguments: &[&str]| -> Result<()> {
        let mut value = shop.json(arguments).await?;
        // When the report was made.
        value.as_object_mut().map(|report| report.remove("made_at"));
        said.insert(arguments.join(" "), value);
        Ok(())
    };
    say(&["runs"]).await?;
    say(&["show", RUN]).await?;
    say(&["discrepancies"]).await?;
    say(&["case", "list"]).await?;
    say(&["alerts", "list"]).await?;
    say(&["audit", "show", RUN]).await?;
    say(&["audit", "verify"]).await?;
    say(&["report", RUN]).await?;
    Ok(said)
}

fn must_equal(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    for (command, said) in expected {
        assert_eq!(found.get(command), Some(said), "trueup {command}");
    }
}

#[tokio::test]
async fn an_installation_moves_to_dynamodb_and_goes_on() -> Result<()> {
    let (mut shop, slack) = with_a_past().await?;
    let expected = all_that_is_said(&shop).await?;
    let dynamodb = DynamoDb::start().await?;
    dynamodb.create_table().await?;
    move_to(&mut shop, &dynamodb.endpoint)?;
    let copied = shop.json(&["store", "copy"]).await?;
    assert_eq!(copied["items"]["found"].as_u64(), Some(5), "{copied}");
    let found = all_that_is_said(&shop).await?;
    must_equal(&found, &expected);
    let again = shop.trueup(&["store", "copy"]).await?;
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(
        again.err.contains("was copied to table trueup before"),
        "{again:?}"
    );

    // The next day begins with what is open, on the trail that goes on, and nobody is told again.
    let told = slack.posts().len();
    let nothing = "reference,invoice,amount,currency,value_date\n";
    shop.write(&shop::partner_file(NEXT_DAY), nothing)?;
    let booked = format!("{}P-4,INV-4,C-2,400.00,EUR,{DATE}\n", shop::LEDGER);
    shop.write(&shop::ledger_file(NEXT_DAY), booked)?;
    shop.start_worker()?;
    let run = shop.run_to_the_end(&["shop", "--date", NEXT_DAY]).await?;
    assert_eq!(run["totals"]["cleared"], 1, "P-4 came: {run}");
    shop.alerts_settled().await?;
    assert_eq!(slack.posts().len(), told, "all were told before");
    shop.text(&["audit", "checkpoint"]).await?;
    let verified = shop.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], Value::Array(Vec::new()), "{verified}");
    assert_eq!(verified["checkpoints"], 2, "{verified}");
    Ok(())
}

/// Cut off by DynamoDB, taken up by the same command; and never over what is there.
#[tokio::test]
async fn a_copy_that_was_cut_off_is_taken_up() -> Result<()> {
    let (mut shop, _slack) = with_a_past().await?;
    let expected = all_that_is_said(&shop).await?;
    let dynamodb = DynamoDb::start().await?;
    dynamodb.create_table().await?;
    let proxy = FaultProxy::start(dynamodb.port, FaultRates::default(), Random::seeded()?).await?;
    move_to(&mut shop, &proxy.endpoint)?;
    proxy.cut_after(6);
    let cut = shop.trueup(&["store", "copy"]).await?;
    assert_eq!(cut.code, Some(2), "{cut:?}");
    proxy.set_rates(FaultRates::BAD_DAY);
    shop.text(&["store", "copy"]).await?;
    proxy.set_rates(FaultRates::default());
    must_equal(&all_that_is_said(&shop).await?, &expected);
    Ok(())
}

#[tokio::test]
async fn a_table_in_use_is_not_copied_over() -> Result<()> {
    let (mut shop, _slack) = with_a_past().await?;
    let dynamodb = DynamoDb::start().await?;
    dynamodb.create_table().await?;
    let file = shop.folder().join("data/trueup.db");
    move_to(&mut shop, &dynamodb.endpoint)?;
    shop.write(&shop::partner_file(NEXT_DAY), shop::PARTNER)?;
    shop.write(&shop::ledger_file(NEXT_DAY), shop::LEDGER)?;
    shop.start_worker()?;
    shop.run_to_the_end(&["shop", "--date", NEXT_DAY]).await?;
    let file = file.to_string_lossy();
    let refused = shop.trueup(&["store", "copy", "--from", &file]).await?;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("holds runs already"), "{refused:?}");
    Ok(())
}
