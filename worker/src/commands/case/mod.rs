//! `trueup case`: what people do with discrepancies, one or many at a time.

mod act;
mod answers;
mod batch;
pub(super) mod cause;
mod incident;
mod list;
pub(super) mod selection;
mod show;
mod timeline;

use activities::store::Store;
use domain::case::ResolutionKind;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use self::selection::Which;
use super::values;
use crate::config::Configuration;
use crate::exit::Exit;

/// Lists cases, shows one, and acts on one or many.
///
/// Ids may be shortened to their first digits, at least six. An act on one case prints how the
/// case stands then; on several, or on all that fit the options, it says first how many there are
/// and how much is at stake, and asks. Exit code 1 when a case refused.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Cases that somebody has to look at, the most severe first
    List(list::Arguments),
    /// How a case stands, and all that happened to it
    Show {
        /// Its id, or the first digits of it
        id: String,
    },
    /// Says who is to look at cases
    Assign {
        /// Which cases
        #[command(flatten)]
        which: Which,
        /// Who is to look at them
        #[arg(long)]
        to: String,
        /// Why
        #[arg(long)]
        note: Option<String>,
    },
    /// Writes something down with cases
    Comment {
        /// Which cases
        #[command(flatten)]
        which: Which,
        /// What
        #[arg(long)]
        note: String,
    },
    /// Resolves cases, or proposes to where a second person has to agree
    Resolve(ResolveArguments),
    /// Agrees to what another person proposed
    Approve {
        /// Which cases
        #[command(flatten)]
        which: Which,
        /// Anything to add
        #[arg(long)]
        note: Option<String>,
    },
    /// Sends a proposal back
    Reject {
        /// Which cases
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long)]
        note: String,
    },
    /// Opens resolved or cleared cases again: the undo
    Reopen {
        /// Which cases
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long)]
        note: String,
    },
    /// Says that you saw cases: reminders stop
    Acknowledge {
        /// Which cases
        #[command(flatten)]
        which: Which,
        /// Anything to add
        #[arg(long)]
        note: Option<String>,
    },
}

/// How cases are resolved.
#[derive(clap::Args, Debug)]
pub struct ResolveArguments {
    #[command(flatten)]
    which: Which,
    /// match, accept, write_off, duplicate_confirmed, in_transit, partner_to_correct,
    /// ledger_to_correct, not_an_error or void
    #[arg(long = "as", value_name = "RESOLUTION", value_parser = values::resolution)]
    resolution: ResolutionKind,
    /// Why
    #[arg(long)]
    note: String,
    /// For match: the reference of the record on the other side; a discrepancy that it is alone in is
    /// resolved with this one
    #[arg(long, value_name = "REFERENCE")]
    match_with: Option<String>,
    /// For write_off: why, by a code of the accounting team
    #[arg(long, value_name = "CODE")]
    reason_code: Option<String>,
    /// For write_off: how much, such as 12.50 (all that is at stake if not given; after a part the
    /// records stay open)
    #[arg(long)]
    amount: Option<String>,
    /// For write_off: the account that it is booked to
    #[arg(long)]
    account: Option<String>,
    /// For in_transit: the last day to wait for, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    until: Option<Date>,
}

/// Does it.
///
/// # Errors
/// When the store or the Temporal server can't be used, or an argument names nothing.
pub async fn run(
    store: &Store,
    configuration: &Configuration,
    command: Command,
    json: bool,
) -> anyhow::Result<Exit> {
    let (action, which, input) = match command {
        Command::List(arguments) => return list::run(store, configuration, arguments, json).await,
        Command::Show { id } => return show::run(store, &id, json).await,
        Command::Assign { which, to, note } => {
            let input = fields([("to", Some(to)), ("note", note)]);
            ("assign", which, input)
        }
        Command::Comment { which, note } => ("comment", which, noted(Some(note))),
        Command::Approve { which, note } => ("approve", which, noted(note)),
        Command::Reject { which, note } => ("reject", which, noted(Some(note))),
        Command::Reopen { which, note } => ("reopen", which, noted(Some(note))),
        Command::Acknowledge { which, note } => ("acknowledge", which, noted(note)),
        Command::Resolve(arguments) => {
            let (which, input) = arguments.split();
            ("resolve", which, input)
        }
    };
    act::run(store, configuration, action, &which, input, json).await
}

impl ResolveArguments {
    fn split(self) -> (Which, Map<String, Value>) {
        let input = fields([
            ("resolution", Some(self.resolution.name().to_owned())),
            ("note", Some(self.note)),
            ("match_with", self.match_with),
            ("reason_code", self.reason_code),
            ("amount", self.amount),
            ("account", self.account),
            ("until", self.until.map(|date| date.to_string())),
        ]);
        (self.which, input)
    }
}

fn noted(note: Option<String>) -> Map<String, Value> {
    fields([("note", note)])
}

fn fields<const N: usize>(given: [(&str, Option<String>); N]) -> Map<String, Value> {
    given
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))))
        .collect()
}
