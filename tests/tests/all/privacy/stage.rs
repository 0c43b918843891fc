//! An installation with everything planted, and the search for it in all that it keeps and says.

use std::path::Path;

use anyhow::{Context, Result};
use tests::Installation;
use tests::servers::{Postgres, SlackReceiver, SmtpSink};
use tests::shop;

use super::planted::{self, DATE, SECRETS};

/// The source of two files.
const FIELDS: &str = "\
reference = \"reference\"
amount = \"amount\"
currency = \"currency\"
value_date = \"value_date\"
counterparty = \"payer\"
";
/// What both sources do with what they find.
const FOUND: &str = "
[[rules]]
name = \"reference\"
on = [\"reference\"]

[materiality]
EUR = \"50.00\"

[[alerts]]
severity_from = \"high\"
channels = [\"night\", \"desk\", \"locked\"]
";

/// The installation, and who it talks to.
pub(super) struct Stage {
    pub(super) installation: Installation,
    pub(super) slack: SlackReceiver,
    pub(super) smtp: SmtpSink,
    /// Gone when the stage is.
    _ledger: Postgres,
}

/// What an installation keeps and says, by place.
pub(super) struct Found(Vec<(String, String)>);

impl Stage {
    /// With a key ring of one key, which is returned.
    pub(super) async fn encrypted() -> Result<(String, Self)> {
        Self::encrypted_in(Installation::start().await?).await
    }

    /// As [`Stage::encrypted`], in an installation that has nothing yet.
    pub(super) async fn encrypted_in(installation: Installation) -> Result<(String, Self)> {
        let settings = "[encryption]\nkeys_env = \"TRUEUP_KEYS\"\n";
        let mut stage = Self::with(installation, settings).await?;
        let key = stage.new_key().await?;
        stage.installation.set_variable("TRUEUP_KEYS", key.as_str());
        Ok((key, stage))
    }

    pub(super) async fn plain() -> Result<Self> {
        Self::with(Installation::start().await?, "").await
    }

    /// A new key, as people make it.
    pub(super) async fn new_key(&self) -> Result<String> {
        let key = self.installation.text(&["keys", "new"]).await?;
        Ok(key.trim().to_owned())
    }

    /// The id of the first critical discrepancy of the shop.
    pub(super) async fn critical(&self) -> Result<String> {
        let arguments = [
            "discrepancies",
            "--source",
            "shop",
            "--severity",
            "critical",
        ];
        let found = self.installation.json(&arguments).await?;
        let id = found[0]["discrepancy_id"].as_str();
        Ok(id.with_context(|| found.to_string())?.to_owned())
    }

    async fn with(mut installation: Installation, encryption: &str) -> Result<Self> {
        let (slack, smtp) = (SlackReceiver::start().await?, SmtpSink::start().await?);
        let ledger = Postgres::start().await?;
        ledger.execute(planted::PAYMENTS).await?;
        let hook = format!("http://127.0.0.1:{}/services/{}", slack.port, SECRETS[0]);
        installation.set_variable("SHOP_SLACK", hook);
        installation.set_variable("MAIL_PASSWORD", SECRETS[1]);
        installation.set_variable("BANK_URL", &ledger.url);
        let dark = format!("postgres://reader:{}@127.0.0.1:1/books", SECRETS[2]);
        installation.set_variable("DARK_URL", dark);
        installation.set_variable("RUST_LOG", "debug");
        let port = smtp.port;
        let locked = format!(
            "[alerts.channels.locked]\nkind = \"email\"\nhost = \"127.0.0.1\"\nport = {port}\n\
             tls = \"starttls\"\nusername = \"us\"\npassword_env = \"MAIL_PASSWORD\"\n\
             from = \"trueup@example.com\"\nto = [\"b@example.com\"]\n"
        );
        let settings = format!("{encryption}{}{}{locked}", shop::SLACK, shop::email(port));
        installation.write("trueup.toml", settings)?;
        write_sources(&installation)?;
        Ok(Stage {
            installation,
            slack,
            smtp,
            _ledger: ledger,
        })
    }

    /// All that is kept and was said. The worker has stopped.
    pub(super) async fn search(&self) -> Result<Found> {
        let mut found = Vec::new();
        let data = self.installation.folder().join("data");
        gather(&data, &data, &mut found)?;
        let server = self
            .installation
            .temporal
            .db_file
            .parent()
            .context("a folder")?;
        gather(server, server, &mut found)?;
        found.push(("log".to_owned(), self.installation.worker_log()));
        let attributes = ["workflow", "list", "-o", "json", "--limit", "1000"];
        let listed = self.installation.temporal(&attributes).await?;
        found.push(("search attributes".to_owned(), listed.out));
        let posts = self.slack.posts();
        let posts = posts.iter().map(|post| post.body.to_string());
        let mails = self.smtp.attempts()?;
        let mails = mails
            .iter()
            .map(|mail| format!("{}\n{}", mail.subject, mail.body));
        let alerts: Vec<String> = posts.chain(mails).collect();
        found.push(("alerts".to_owned(), alerts.join("\n")));
        Ok(Found(found))
    }
}

impl Found {
    /// Where a text is.
    pub(super) fn places_of(&self, text: &str) -> Vec<String> {
        let has = |(_, content): &&(String, String)| content.contains(text);
        let places = self.0.iter().filter(has);
        places.map(|(place, _)| place.clone()).collect()
    }
}

fn write_sources(installation: &Installation) -> Result<()> {
    let file = |side: &str, path: &str| {
        format!("[{side}.transport]\nkind = \"file\"\npath = \"{path}\"\n\n")
    };
    let fields = |side: &str, more: &str| format!("[{side}.format.csv.fields]\n{FIELDS}{more}\n");
    let shop = [
        "title = \"Shop\"\nsettlement_window_days = 2\n\n".to_owned(),
        file("partner", "partner/shop-{business_date}.csv"),
        fields("partner", "description = \"text\"\n"),
        file("ledger", "ledger/shop-{business_date}.csv"),
        fields("ledger", "client = \"client\"\n"),
        FOUND.to_owned(),
    ];
    installation.write("sources/shop.toml", shop.concat())?;
    installation.write(&shop::partner_file(DATE), planted::PARTNER)?;
    installation.write(&shop::ledger_file(DATE), planted::LEDGER)?;
    installation.write(&shop::partner_file("2026-11-19"), planted::HEADLESS)?;
    installation.write(&shop::ledger_file("2026-11-19"), planted::LEDGER)?;
    for (name, variable) in [("bank", "BANK_URL"), ("dark", "DARK_URL")] {
        let found = FOUND.replace("[\"reference\"]", "[\"end_to_end_id\"]");
        let source = [
            "title = \"Bank\"\nsettlement_window_days = 2\n\n".to_owned(),
            file("partner", &format!("partner/{name}-{{business_date}}.xml")),
            "[partner.format.camt053]\n\n".to_owned(),
            format!(
                "[ledger.transport]\nkind = \"postgres\"\nurl_env = \"{variable}\"\n\
                 query_file = \"bank.sql\"\n\n"
            ),
            "[ledger.format.csv.fields]\nend_to_end_id = \"id\"\namount = \"amount\"\n\
             currency = \"currency\"\nvalue_date = \"paid_on\"\ncounterparty = \"payer\"\n\
             description = \"account\"\n"
                .to_owned(),
            found,
        ];
        installation.write(&format!("sources/{name}.toml"), source.concat())?;
        installation.write(&format!("partner/{name}-{DATE}.xml"), planted::statement())?;
    }
    installation.write("bank.sql", planted::QUERY)
}

/// All files in a folder, by their path in it, as text as far as they are.
fn gather(top: &Path, folder: &Path, found: &mut Vec<(String, String)>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(top, &path, found)?;
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let place = path.strip_prefix(top)?.display().to_string();
        found.push((place, String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(())
}
