//! A small source, `shop`: two short files in the same columns, with known differences.

use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::Installation;
use crate::servers::SlackReceiver;

/// The business date of [`PARTNER`] and [`LEDGER`], a Friday.
pub const DATE: &str = "2026-11-20";
/// The run of the whole source.
pub const RUN: &str = "recon/shop/2026-11-20";
/// Plain JSON, as anybody starts it.
pub const INPUT: &str = r#"{"source":"shop","business_date":"2026-11-20","requested_by":"ops"}"#;

/// The partner's report.
pub const PARTNER: &str = "\
reference,invoice,amount,currency,value_date
P-1,INV-1,100.00,EUR,2026-11-20
P-2,INV-2,250.00,EUR,2026-11-20
P-3,INV-3,990.00,EUR,2026-11-20
P-4,INV-4,400.00,EUR,2026-11-20
P-5,INV-5,70.00,EUR,2026-11-20
P-5,INV-5,70.00,EUR,2026-11-20
P-6,INV-6,10.00,EUR,2026-11-20
";

/// Our records: P-3 differs by 90 EUR, P-4 is not there, P-5 was paid once, P-6 differs by a cent,
/// and of P-7 the partner knows nothing.
pub const LEDGER: &str = "\
reference,invoice,client,amount,currency,value_date
P-1,INV-1,C-1,100.00,EUR,2026-11-20
P-2,INV-2,C-1,250.00,EUR,2026-11-20
P-3,INV-3,C-2,900.00,EUR,2026-11-20
P-5,INV-5,C-2,70.00,EUR,2026-11-20
P-6,INV-6,C-1,10.01,EUR,2026-11-20
P-7,INV-7,C-3,75.00,EUR,2026-11-10
";

/// References of what is critical in them.
pub const CRITICAL: [&str; 4] = ["P-3", "P-4", "P-5", "P-7"];
/// References of all that differs.
pub const DIFFERENT: [&str; 5] = ["P-3", "P-4", "P-5", "P-6", "P-7"];

/// A Slack channel `night`, its address in the environment.
pub const SLACK: &str = "\
[alerts.channels.night]
kind = \"slack\"
webhook_url_env = \"SHOP_SLACK\"
interval_milliseconds = 10
timeout_seconds = 2

";

/// A mail channel `desk` on this port.
#[must_use]
pub fn email(port: u16) -> String {
    format!(
        "\
[alerts.channels.desk]
kind = \"email\"
host = \"127.0.0.1\"
port = {port}
tls = \"none\"
from = \"trueup@example.com\"
to = [\"accounting@example.com\"]
timeout_seconds = 5

"
    )
}

/// `sources/shop.toml`, whose critical findings go to these channels.
#[must_use]
pub fn source(channels: &[&str]) -> String {
    let ledger =
        "[ledger.transport]\nkind = \"file\"\npath = \"ledger/shop-{business_date}.csv\"\n";
    source_with_ledger(ledger, channels)
}

/// As [`source`], with another transport of the ledger.
#[must_use]
pub fn source_with_ledger(ledger_transport: &str, channels: &[&str]) -> String {
    let columns = "\
reference = \"reference\"
invoice = \"invoice\"
amount = \"amount\"
currency = \"currency\"
value_date = \"value_date\"
";
    let route = match channels {
        [] => String::new(),
        channels => {
            format!("[[alerts]]\nseverity_from = \"critical\"\nchannels = {channels:?}\n")
        }
    };
    format!(
        "\
title = \"Shop\"
settlement_window_days = 2

[partner.transport]
kind = \"file\"
path = \"partner/shop-{{business_date}}.csv\"

[partner.format.csv.fields]
{columns}
{ledger_transport}
[ledger.format.csv.fields]
{columns}client = \"client\"

[[rules]]
name = \"reference\"
on = [\"reference\"]

[tolerances.EUR]
rounding = \"0.02\"

[materiality]
EUR = \"50.00\"

{route}"
    )
}

/// Writes the source, its files and `trueup.toml`.
pub fn install(installation: &Installation, settings: &str, channels: &[&str]) -> Result<()> {
    installation.write("trueup.toml", settings)?;
    installation.write("sources/shop.toml", source(channels))?;
    installation.write(&partner_file(DATE), PARTNER)?;
    installation.write(&ledger_file(DATE), LEDGER)
}

/// The source with its files and a worker, whose critical findings go to a Slack of its own.
pub async fn start_with_slack() -> Result<(Installation, SlackReceiver)> {
    let slack = SlackReceiver::start().await?;
    let mut shop = Installation::start().await?;
    install(&shop, SLACK, &["night"])?;
    shop.set_variable("SHOP_SLACK", &slack.url);
    shop.start_worker()?;
    Ok((shop, slack))
}

/// A source that was closed yesterday, and only then, and its yesterday: what was scheduled then at
/// the time of day that is in a moment moves to that moment. In a zone where it is not midnight
/// soon.
#[must_use]
pub fn closed_yesterday() -> (String, Zoned) {
    let now = Timestamp::now();
    let name = match now.to_zoned(TimeZone::UTC).hour() {
        6..18 => "UTC",
        _ => "Asia/Tokyo",
    };
    let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    let yesterday = now.to_zoned(zone).saturating_sub(1.day());
    let date = yesterday.date();
    let calendar = format!("[calendar]\ndays_off = []\nholidays = [\"{date}\"]\n");
    let source = source(&[]);
    let source = format!("time_zone = \"{name}\"\n{source}\n{calendar}");
    (source, yesterday)
}

/// Where the partner's report of a day is.
#[must_use]
pub fn partner_file(date: &str) -> String {
    format!("partner/shop-{date}.csv")
}

/// Where our records of a day are.
#[must_use]
pub fn ledger_file(date: &str) -> String {
    format!("ledger/shop-{date}.csv")
}

/// The id of the discrepancy of this reference.
pub async fn id_of(shop: &Installation, reference: &str) -> Result<String> {
    let list = ["discrepancies", "--reference", reference];
    let list = shop.json(&list).await?;
    let id = list[0]["discrepancy_id"].as_str();
    Ok(id
        .with_context(|| format!("{reference}: {list}"))?
        .to_owned())
}

/// The files of a day of which both sides agree.
pub fn agree(shop: &Installation, day: &str) -> Result<()> {
    let first_three = |text: &str| {
        let lines = text.lines().take(3).map(|line| format!("{line}\n"));
        lines.collect::<String>().replace(DATE, day)
    };
    shop.write(&partner_file(day), first_three(PARTNER))?;
    shop.write(&ledger_file(day), first_three(LEDGER))
}
