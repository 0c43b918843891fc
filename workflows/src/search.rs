//! Search attributes of runs and cases, for lists and filters in the Temporal UI and CLI.

use proto::wire::{CaseStatus, ReconciliationInput, RunTotals};
use temporalio_common::search_attributes::{
    SearchAttributeKey, SearchAttributeUpdate, SearchAttributes,
};

/// The source's name.
pub const SOURCE: SearchAttributeKey<String> = SearchAttributeKey::keyword("TrueupSource");
/// The business date as YYYY-MM-DD, which sorts as dates do.
pub const BUSINESS_DATE: SearchAttributeKey<String> =
    SearchAttributeKey::keyword("TrueupBusinessDate");
/// Where the run or the case stands.
pub const PHASE: SearchAttributeKey<String> = SearchAttributeKey::keyword("TrueupPhase");
/// Discrepancies that the run found.
pub const OPEN_DISCREPANCIES: SearchAttributeKey<i64> =
    SearchAttributeKey::int("TrueupOpenDiscrepancies");
/// The highest severity among them, or `none`: a value once set can't be unset again. Of a case,
/// its own.
pub const HIGHEST_SEVERITY: SearchAttributeKey<String> =
    SearchAttributeKey::keyword("TrueupHighestSeverity");

/// Names and types as the server's command line takes them.
pub const ALL: &[(&str, &str)] = &[
    ("TrueupSource", "Keyword"),
    ("TrueupBusinessDate", "Keyword"),
    ("TrueupPhase", "Keyword"),
    ("TrueupOpenDiscrepancies", "Int"),
    ("TrueupHighestSeverity", "Keyword"),
];

/// What is known when a run begins.
pub(crate) fn opening(request: &ReconciliationInput) -> Vec<SearchAttributeUpdate> {
    vec![
        SOURCE.value_set(request.source.clone()),
        BUSINESS_DATE.value_set(request.business_date.clone()),
        PHASE.value_set("opening".to_owned()),
        OPEN_DISCREPANCIES.value_set(0),
        HIGHEST_SEVERITY.value_set("none".to_owned()),
    ]
}

/// What another workflow starts a run with: then the run need not say it, which is an Action of its
/// own. Other starters can't know that the server has heard of these attributes yet.
pub(crate) fn at_start(request: &ReconciliationInput) -> SearchAttributes {
    SearchAttributes::new(opening(request))
}

/// Whether a run was started with that. A new execution of a run begins with what the one before
/// knew last.
pub(crate) fn were_given(attributes: &SearchAttributes) -> bool {
    attributes.get(&PHASE).as_deref() == Some("opening")
}

/// What is known once the findings are.
pub(crate) fn findings(totals: &RunTotals) -> Vec<SearchAttributeUpdate> {
    let highest = domain::severity::Severity::ALL
        .iter()
        .rev()
        .map(|severity| severity.name())
        .find(|name| {
            totals
                .by_severity
                .get(*name)
                .is_some_and(|count| *count > 0)
        })
        .unwrap_or("none");
    let open = i64::try_from(totals.discrepancies).unwrap_or(i64::MAX);
    vec![
        OPEN_DISCREPANCIES.value_set(open),
        HIGHEST_SEVERITY.value_set(highest.to_owned()),
    ]
}

/// What is known of a run that nobody has to look at.
pub(crate) fn completed(totals: &RunTotals) -> Vec<SearchAttributeUpdate> {
    let mut known = findings(totals);
    known.push(PHASE.value_set("completed".to_owned()));
    known
}

/// What is known of a case: its source, its state, its severity.
pub(crate) fn case(status: &CaseStatus) -> [String; 3] {
    let some = |text: &str| match text {
        "" => "none".to_owned(),
        text => text.to_owned(),
    };
    [
        some(&status.source),
        some(&status.state),
        some(&status.severity),
    ]
}
