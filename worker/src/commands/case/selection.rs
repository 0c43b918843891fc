//! Which cases an act is meant for: ids, whole or shortened, or all that fit.

use activities::store::Store;
use anyhow::bail;
use domain::case::CaseState;
use domain::discrepancy::Kind;
use domain::severity::Severity;
use proto::wire::CaseFilter;

use crate::commands::values;

/// Fewest digits of a shortened id.
const DIGITS_MIN: usize = 6;
/// Digits of a whole id.
const DIGITS: usize = 32;
/// Most candidates that are named.
const CANDIDATES_SHOWN: usize = 8;

/// Which cases, who acts, and whether to ask first.
#[derive(clap::Args, Debug)]
pub struct Which {
    /// Ids of the cases, or their first digits; without any, all that fit the options below
    #[arg(value_name = "ID", conflicts_with = "FilterArguments")]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Who does this (you, if not given)
    #[arg(long, value_name = "PERSON", default_value_t = values::person(), hide_default_value = true)]
    pub by: String,
    /// Don't ask before acting on many cases
    #[arg(long)]
    pub yes: bool,
}

/// What must hold of the cases; everything given.
#[derive(clap::Args, Clone, Debug, Default)]
#[group(multiple = true)]
pub struct FilterArguments {
    /// Only of this source
    #[arg(long)]
    pub source: Option<String>,
    /// Only what this run found
    #[arg(long)]
    pub run: Option<String>,
    /// Only what this cause is behind
    #[arg(long, value_name = "ID")]
    pub cause: Option<String>,
    /// Only of this kind, such as amount_mismatch
    #[arg(long, value_parser = values::kind)]
    pub kind: Option<Kind>,
    /// Only low, high or critical ones
    #[arg(long, value_parser = values::severity)]
    pub severity: Option<Severity>,
    /// Only open, proposed, resolved or cleared ones (if not given: those that the command is for)
    #[arg(long, value_parser = values::case_state)]
    pub state: Option<CaseState>,
    /// Only in this currency
    #[arg(long)]
    pub currency: Option<String>,
    /// Only what this person is to look at
    #[arg(long, value_name = "PERSON")]
    pub assigned_to: Option<String>,
    /// Only with at least this much at stake; together with --currency
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    pub amount_from: Option<String>,
    /// Only with at most this much at stake; together with --currency
    #[arg(long, value_name = "AMOUNT", requires = "currency")]
    pub amount_to: Option<String>,
}

impl FilterArguments {
    /// With the whole id of a cause that may be shortened.
    ///
    /// # Errors
    /// As [`whole_id`]; or it is no cause's.
    pub(super) async fn whole(mut self, store: &Store) -> anyhow::Result<Self> {
        if let Some(given) = &self.cause {
            self.cause = Some(whole_cause(store, given).await?);
        }
        Ok(self)
    }

    /// As the batch takes it.
    #[must_use]
    pub fn to_wire(&self) -> CaseFilter {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        CaseFilter {
            source: text(&self.source),
            run_id: text(&self.run),
            kind: self
                .kind
                .map_or(String::new(), |kind| kind.name().to_owned()),
            severity: self
                .severity
                .map_or(String::new(), |severity| severity.name().to_owned()),
            state: self
                .state
                .map_or(String::new(), |state| state.name().to_owned()),
            currency: text(&self.currency),
            assigned_to: text(&self.assigned_to),
            amount_from: text(&self.amount_from),
            amount_to: text(&self.amount_to),
            cause: text(&self.cause),
        }
    }
}

/// The whole ids of those that were given, each once, in their order.
///
/// # Errors
/// One is too short, fits nothing, or fits several: names them.
pub(super) async fn whole_ids(store: &Store, given: &[String]) -> anyhow::Result<Vec<String>> {
    let mut ids: Vec<String> = Vec::with_capacity(given.len());
    for given in given {
        let id = whole_id(store, given).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The whole id of a cause.
///
/// # Errors
/// As [`whole_id`]; or it is no cause's.
pub(in crate::commands) async fn whole_cause(store: &Store, given: &str) -> anyhow::Result<String> {
    let id = whole_id(store, given).await?;
    match store.case(&id).await?.cause {
        Some(_) => Ok(id),
        None => bail!("`{given}` is no cause; `trueup case list` shows those that there are"),
    }
}

/// The whole id of one that may be shortened, with or without `case/` before it.
///
/// # Errors
/// As [`whole_ids`].
pub(in crate::commands) async fn whole_id(store: &Store, given: &str) -> anyhow::Result<String> {
    let short = given.strip_prefix("case/").unwrap_or(given);
    // Summaries have names of their own, which nobody shortens.
    let is_hexadecimal = short.chars().all(|digit| digit.is_ascii_hexdigit());
    if !is_hexadecimal || short.len() == DIGITS {
        return Ok(short.to_owned());
    }
    if short.len() < DIGITS_MIN {
        bail!("`{given}` is too short: give at least {DIGITS_MIN} digits of the id");
    }
    let short = short.to_ascii_lowercase();
    let found = store
        .ids_beginning_with(&short, CANDIDATES_SHOWN + 1)
        .await?;
    match found.as_slice() {
        [] => bail!("no case begins with `{given}`; `trueup case list` lists them"),
        [id] => Ok(id.clone()),
        several => {
            let more = match several.len() > CANDIDATES_SHOWN {
                true => "\n  and more",
                false => "",
            };
            let shown = &several[..several.len().min(CANDIDATES_SHOWN)];
            bail!(
                "`{given}` may be any of these; give more digits:\n  {}{more}",
                shown.join("\n  ")
            )
        }
    }
}
