//! `trueup privacy`: erases a person's data from store and object store. `docs/privacy.md` says how
//! far that goes.

use activities::privacy::{Erased, Erasure, Kept, Person};
use activities::store::Store;
use jiff::Timestamp;

use super::values;
use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::wiring;

/// What to do with personal data.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Erases a person's data for good; the audit trail stays verifiable
    Erase(Arguments),
}

/// Whose data, and why.
#[derive(clap::Args, Debug)]
pub struct Arguments {
    /// Of which source
    #[arg(long)]
    source: String,
    #[command(flatten)]
    person: Asked,
    /// Who decided it (you if not given)
    #[arg(long)]
    by: Option<String>,
    /// Why: a ticket, a date, a law; never the person's name
    #[arg(long)]
    reason: String,
    /// Count only
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Asked {
    /// Our client of this identifier, with the names in its records
    #[arg(long)]
    client: Option<String>,
    /// Whoever has this name
    #[arg(long)]
    counterparty: Option<String>,
    /// Whoever has this account number
    #[arg(long)]
    account: Option<String>,
}

/// Does it.
///
/// # Errors
/// An unknown source, no key ring, a person in something that is open, or a store that can't be used.
pub async fn run(
    store: Store,
    configuration: &Configuration,
    command: Command,
    json: bool,
) -> anyhow::Result<Exit> {
    let Command::Erase(arguments) = command;
    configuration.source(&arguments.source)?;
    let erasure = Erasure {
        person: arguments.person.person(),
        source: arguments.source,
        by: arguments.by.unwrap_or_else(values::person),
        reason: arguments.reason,
        at: Timestamp::now(),
    };
    let kept = Kept {
        store,
        staging: wiring::staging(configuration)?,
        vault: wiring::vault(configuration)?,
    };
    let erased = match arguments.dry_run {
        true => kept.count(&erasure).await?,
        false => kept.erase(&erasure).await?,
    };
    report(&erased, arguments.dry_run, json);
    Ok(Exit::Clean)
}

impl Asked {
    fn person(self) -> Person {
        match (self.client, self.counterparty, self.account) {
            (Some(client), ..) => Person::Client(client),
            (_, Some(name), _) => Person::Counterparty(name),
            (.., account) => Person::Account(account.unwrap_or_default()),
        }
    }
}

fn report(erased: &Erased, is_dry: bool, json: bool) {
    let Erased {
        discrepancies,
        rejects,
        alerts,
        objects,
    } = erased;
    if json {
        let answer = serde_json::json!({
            "dry_run": is_dry, "discrepancies": discrepancies, "rejects": rejects,
            "alerts": alerts, "objects": objects,
        });
        say!("{answer}");
        return;
    }
    let done = if is_dry { "would be erased" } else { "erased" };
    say!(
        "{done}: {discrepancies} discrepancies, {rejects} rejects and {alerts} alerts of the store, \
         {objects} objects"
    );
}
