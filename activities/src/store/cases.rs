//! Cases and what is done to them. One read, one decision, one write per case, so that of two acts
//! at once the second one sees what the first one made of it. Decides nothing: whoever acts brings
//! the decision along.

use std::collections::{BTreeMap, BTreeSet};

use domain::alert::AlertIntent;
use domain::audit::AuditEvent;
use domain::case::{Applied, Case, InForce, Subject};
use domain::named_enum;
use domain::severity::Severity;
use futures::FutureExt;
use jiff::Timestamp;
use rusqlite::Transaction;

use super::sealing;
use super::sqlite::{acts, cases};
use super::{Attention, CauseCase, Reopening, Store, StoreError};

/// Most cases that one call acts on.
pub const ACTS_PER_CALL_MAX: usize = 500;

named_enum! {
    /// What an act came to.
    ActOutcome {
        /// The case is as it was asked for.
        Done = "done",
        /// It was so already.
        Unchanged = "unchanged",
        /// It may not be.
        Refused = "refused",
    }
}

/// A case on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseRow {
    /// Id of its discrepancy, or of the summary.
    pub id: String,
    /// Whether it is the case of an alert that tells of many discrepancies, or of none: a summary,
    /// a cause, an incident.
    pub is_summary: bool,
    /// What people call it; for a summary its headline.
    pub reference: String,
    /// What it is about, as the last run that saw it found it; for a summary the most severe and
    /// largest of what it covers, and nothing in the currency `XXX` where it covers none. For a cause the sum
    /// of its open discrepancies in the currency that most are in.
    pub subject: Subject,
    /// How it stands.
    pub case: Case,
    /// Whether its workflow ever began.
    pub has_workflow: bool,
    /// The run that found it first.
    pub first_seen_run: String,
    /// The run that found it last.
    pub last_seen_run: String,
    /// What it is the case of, if that is a cause.
    pub cause: Option<Box<CauseCase>>,
    /// What reminders of it go by.
    pub attention: Attention,
}

/// An act on one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acting {
    /// Id of its discrepancy, or of the summary.
    pub id: String,
    /// Names the act among those on this case, for ever: the same one twice is done once.
    pub act_id: String,
    /// What is asked for, in full: another request under the same name is refused.
    pub request: String,
}

/// Why an act is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denied {
    /// In one sentence.
    pub reason: String,
    /// What the case's audit trail says of it; none where it says nothing.
    pub entry: Option<(AuditEvent, Vec<(&'static str, String)>)>,
}

/// What became of an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acted {
    /// What it came to, the first time if it is repeated.
    pub outcome: ActOutcome,
    /// Why it was refused.
    pub reason: String,
    /// The case as it stands now.
    pub case: CaseRow,
}

/// What is known before an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BeforeAct {
    /// The case.
    pub case: CaseRow,
    /// What the act came to, and why it was refused, when it was done before.
    pub outcome: Option<(ActOutcome, String)>,
}

/// Cases.
impl Store {
    /// A case's workflow begins: puts `case_opened` on its stream, once, and gives the case.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when `id` is neither a discrepancy nor a summary.
    pub async fn open_case(&self, id: &str, at: Timestamp) -> Result<CaseRow, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.open_case(id, at).boxed().await,
        };
        let id = id.to_owned();
        store
            .write(move |transaction| cases::open(transaction, &id, at))
            .await
    }

    /// Those cases of `ids` that a person or a workflow ever dealt with. Cheap for the others, which
    /// are most: small differences that nobody looked at.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn cases_dealt_with(&self, ids: Vec<String>) -> Result<Vec<CaseRow>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.cases_dealt_with(&ids).boxed().await,
        };
        store
            .read(move |transaction| cases::dealt_with(transaction, &ids))
            .await
    }

    /// The resolutions in force, of those cases of `ids` that have one.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn resolutions(
        &self,
        ids: Vec<String>,
    ) -> Result<BTreeMap<String, InForce>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.resolutions(&ids).boxed().await,
        };
        store
            .read(move |transaction| cases::resolutions(transaction, &ids))
            .await
    }

    /// One case.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when `id` is neither a discrepancy nor a summary.
    pub async fn case(&self, id: &str) -> Result<CaseRow, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.case(id).boxed().await,
        };
        let id = id.to_owned();
        store
            .read(move |transaction| cases::get(transaction, &id))
            .await
    }

    /// The cases of some acts, and what became of those that were done before; in order, none
    /// where there is no such case.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn before_acts(
        &self,
        acts: Vec<Acting>,
    ) -> Result<Vec<Option<BeforeAct>>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.before_acts(&acts).boxed().await,
        };
        let work = move |transaction: &Transaction<'_>| {
            let found = acts.iter().map(|acting| acts::before(transaction, acting));
            found.collect()
        };
        store.read(work).await
    }

    /// Acts on cases, at most [`ACTS_PER_CALL_MAX`], in order. `decide` says what becomes of each,
    /// and may be asked more than once about the same one. What changes is on the audit trail of
    /// the case, by `by`. None where there is no such case.
    ///
    /// # Errors
    /// The store can't be used: nothing is done then, and it may be repeated. More than
    /// [`ACTS_PER_CALL_MAX`].
    pub async fn act_on_cases(
        &self,
        acts: Vec<Acting>,
        by: &str,
        at: Timestamp,
        decide: impl Fn(&CaseRow) -> Result<Applied, Denied> + Send + Sync + 'static,
    ) -> Result<Vec<Option<Acted>>, StoreError> {
        let nobody = |_: &Reopening| Vec::new();
        self.act_on_cases_and_tell(acts, by, at, decide, nobody)
            .await
    }

    /// As [`Store::act_on_cases`]; what `tell` has to say of a discrepancy whose case was opened
    /// again is on record together with that.
    ///
    /// # Errors
    /// As [`Store::act_on_cases`].
    pub async fn act_on_cases_and_tell(
        &self,
        acts: Vec<Acting>,
        by: &str,
        at: Timestamp,
        decide: impl Fn(&CaseRow) -> Result<Applied, Denied> + Send + Sync + 'static,
        tell: impl Fn(&Reopening) -> Vec<AlertIntent> + Send + Sync + 'static,
    ) -> Result<Vec<Option<Acted>>, StoreError> {
        let vault = self.vault().clone();
        let tell = move |reopening: &Reopening| {
            let mut reopening = reopening.clone();
            sealing::open(&vault, &mut reopening.discrepancy)?;
            Ok(tell(&reopening))
        };
        if acts.len() > ACTS_PER_CALL_MAX {
            let problem = format!("{} acts at once; {ACTS_PER_CALL_MAX} at most", acts.len());
            return Err(StoreError::Conflict(problem));
        }
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store
                    .act_on_cases(&acts, by, at, &decide, &tell)
                    .boxed()
                    .await;
            }
        };
        let by = by.to_owned();
        let work = move |transaction: &Transaction<'_>| {
            let done = acts
                .iter()
                .map(|acting| acts::act(transaction, acting, &by, at, &decide, &tell));
            done.collect()
        };
        store.write(work).await
    }

    /// Whether somebody still has to do something about a discrepancy of one of these severities
    /// that `run_id` found.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn is_anything_open(
        &self,
        run_id: &str,
        severities: BTreeSet<Severity>,
    ) -> Result<bool, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => {
                return store.is_anything_open(run_id, &severities).boxed().await;
            }
        };
        let run_id = run_id.to_owned();
        store
            .read(move |transaction| cases::is_anything_open(transaction, &run_id, &severities))
            .await
    }
}
