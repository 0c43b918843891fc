//! Who may do what, from the tables that say it; and what can't be meant in them.
//!
//! Knows no clock: a delegation that has ended is as good as any other here.

use std::collections::{BTreeMap, BTreeSet};

use domain::case::{
    Action, Approval, ApprovalRule, Authority, Delegation, EVERYBODY, Grant, check_person,
    is_same_person,
};

use super::document::Document;
use super::policy::{Findings, refuse_negative, warn_of_unlisted};
use super::settings_file::{AuthorityTable, DelegationTable, PersonTable, SettingsFile};
use super::source_file::SourceFile;
use super::suggest::closest;
use super::tree::Place;

type People = BTreeMap<String, PersonTable>;

/// The authority matrix that `trueup.toml` states, for the sources that are keys of `sources`.
/// What is wrong with it is added to `findings`.
pub(crate) fn build<T>(
    settings: &SettingsFile,
    document: &Document,
    sources: &BTreeMap<String, T>,
    findings: &mut Findings,
) -> Authority {
    let sources: Vec<&str> = sources.keys().map(String::as_str).collect();
    check_people(settings, document, findings);
    for (index, table) in settings.authority.iter().enumerate() {
        let place = Place::root().key("authority").index(index);
        check_grant(
            table,
            &place,
            &settings.people,
            &sources,
            document,
            findings,
        );
    }
    for (index, table) in settings.delegations.iter().enumerate() {
        let place = Place::root().key("delegations").index(index);
        check_delegation(table, &place, &settings.people, document, findings);
    }
    let people = settings.people.iter();
    Authority {
        people: people
            .map(|(name, person)| (name.clone(), person.roles.iter().cloned().collect()))
            .collect(),
        grants: settings.authority.iter().map(grant).collect(),
        delegations: settings.delegations.iter().map(delegation).collect(),
    }
}

/// A source's rules for a second person.
pub(crate) fn approval(
    file: &SourceFile,
    document: &Document,
    findings: &mut Findings,
) -> Approval {
    let mut rules = Vec::new();
    for (index, table) in file.approval.iter().enumerate() {
        let here = Place::root().key("approval").index(index);
        if let Some(currency) = &table.currency {
            warn_of_unlisted(currency.0, &here.key("currency"), document, findings);
        }
        if let Some(amount) = &table.amount_from {
            let place = here.key("amount_from");
            refuse_negative(amount.0, &place, document, findings);
            if table.currency.is_none() {
                let problem = document.problem(&place, "`amount_from` without a `currency`");
                findings.problems.push(
                    problem
                        .with_help("add `currency`; give each other currency a table of its own"),
                );
            }
        }
        rules.push(ApprovalRule {
            kinds: table.kinds.iter().map(|kind| kind.0).collect(),
            resolutions: table.resolutions.iter().map(|it| it.0).collect(),
            currency: table.currency.as_ref().map(|currency| currency.0),
            amount_from: table.amount_from.as_ref().map(|amount| amount.0),
        });
    }
    Approval { rules }
}

fn grant(table: &AuthorityTable) -> Grant {
    let limits = table.amount_up_to.iter();
    Grant {
        role: table.role.clone(),
        actions: table.actions.iter().map(|action| action.0).collect(),
        sources: table.sources.iter().cloned().collect(),
        kinds: table.kinds.iter().map(|kind| kind.0).collect(),
        resolutions: table.resolutions.iter().map(|it| it.0).collect(),
        amount_up_to: limits
            .map(|(currency, limit)| (currency.0, limit.0))
            .collect(),
    }
}

fn delegation(table: &DelegationTable) -> Delegation {
    Delegation {
        from: table.from.clone(),
        to: table.to.clone(),
        until: table.until.0,
    }
}

fn check_people(settings: &SettingsFile, document: &Document, findings: &mut Findings) {
    let granted: BTreeSet<&str> = settings
        .authority
        .iter()
        .map(|it| it.role.as_str())
        .collect();
    let mut known: Vec<&str> = Vec::new();
    for (name, person) in &settings.people {
        let place = Place::root().key("people").key(name);
        if let Err(refusal) = check_person("people", name) {
            let problem = document.problem(&place, refusal.to_string());
            findings.problems.push(problem);
        }
        if let Some(other) = known.iter().find(|other| is_same_person(other, name)) {
            let message = format!("`{name}` and `{other}` are taken for the same person");
            let problem = document.problem(&place, message);
            findings
                .problems
                .push(problem.with_help("capital letters make no other person: keep one of them"));
        }
        known.push(name);
        let stands_in = settings.delegations.iter().any(|it| it.to == *name);
        if person.roles.is_empty() && !stands_in {
            let message = format!("`{name}` has no role, and acts for nobody");
            let warning = document.warning(&place, message);
            findings
                .warnings
                .push(warning.with_help("give `roles`, as `roles = [\"accountant\"]`"));
        }
        for (index, role) in person.roles.iter().enumerate() {
            let place = place.key("roles").index(index);
            check_role_of_person(role, &place, &granted, document, findings);
        }
    }
}

fn check_role_of_person(
    role: &str,
    place: &Place,
    granted: &BTreeSet<&str>,
    document: &Document,
    findings: &mut Findings,
) {
    if role.trim().is_empty() || role == EVERYBODY {
        let message = format!("`{role}` is no role that a person is given");
        let problem = document.problem(place, message);
        let help = format!("name one; what is granted to `{EVERYBODY}` everybody may do anyway");
        findings.problems.push(problem.with_help(help));
    } else if !granted.contains(role) {
        let message = format!("nothing is granted to the role `{role}`");
        let warning = document.warning(place, message);
        let help = "add `[[authority]]` with this `role`, or drop it";
        let help = with_closest(role, granted.iter().copied(), help);
        findings.warnings.push(warning.with_help(help));
    }
}

fn check_grant(
    table: &AuthorityTable,
    place: &Place,
    people: &People,
    sources: &[&str],
    document: &Document,
    findings: &mut Findings,
) {
    let roles: BTreeSet<&str> = people
        .values()
        .flat_map(|person| person.roles.iter().map(String::as_str))
        .collect();
    if table.role != EVERYBODY && !roles.contains(table.role.as_str()) {
        let message = format!("nobody has the role `{}`", table.role);
        let warning = document.warning(&place.key("role"), message);
        let help = "give it to somebody in `[people.<name>]`";
        let help = with_closest(&table.role, roles.iter().copied(), help);
        findings.warnings.push(warning.with_help(help));
    }
    for (index, source) in table.sources.iter().enumerate() {
        if sources.contains(&source.as_str()) {
            continue;
        }
        let message = format!("there is no source `{source}`");
        let problem = document.problem(&place.key("sources").index(index), message);
        let known = format!("sources: {}", sources.join(", "));
        let help = with_closest(source, sources.iter().copied(), &known);
        findings.problems.push(problem.with_help(help));
    }
    for (currency, limit) in &table.amount_up_to {
        let place = place.key("amount_up_to").key(currency.0.code());
        warn_of_unlisted(currency.0, &place, document, findings);
        refuse_negative(limit.0, &place, document, findings);
    }
    check_actions(table, place, document, findings);
}

/// Conditions that an action can't meet, or that it would not be held to.
fn check_actions(
    table: &AuthorityTable,
    place: &Place,
    document: &Document,
    findings: &mut Findings,
) {
    let actions: Vec<Action> = table.actions.iter().map(|action| action.0).collect();
    if actions.is_empty() {
        let problem = document.problem(&place.key("actions"), "this line grants no action");
        findings
            .problems
            .push(problem.with_help("for example `actions = [\"resolve\"]`"));
    }
    let is_narrow =
        !table.kinds.is_empty() || !table.resolutions.is_empty() || !table.amount_up_to.is_empty();
    if is_narrow && let Some(at) = actions.iter().position(|it| *it == Action::SignOff) {
        let message = "a run has no kind, resolution or amount: this line grants no sign_off";
        let problem = document.problem(&place.key("actions").index(at), message);
        findings
            .problems
            .push(problem.with_help("grant `sign_off` in an `[[authority]]` of its own"));
    }
    let about_resolutions = |action: &Action| matches!(action, Action::Resolve | Action::Approve);
    if !table.resolutions.is_empty() && !actions.iter().any(about_resolutions) {
        let message = "`resolutions` limits nothing that this line grants";
        let problem = document.problem(&place.key("resolutions"), message);
        let help = format!(
            "only `{}` and `{}` are limited by it: drop it, or grant one of them",
            Action::Resolve,
            Action::Approve
        );
        findings.problems.push(problem.with_help(help));
    }
}

fn check_delegation(
    table: &DelegationTable,
    place: &Place,
    people: &People,
    document: &Document,
    findings: &mut Findings,
) {
    for (key, name) in [("from", &table.from), ("to", &table.to)] {
        if !people.contains_key(name) {
            let problem = document.problem(&place.key(key), format!("nobody is called `{name}`"));
            let help = "people are those in `[people.<name>]`";
            let help = with_closest(name, people.keys().map(String::as_str), help);
            findings.problems.push(problem.with_help(help));
        }
    }
    if table.from == table.to {
        let problem = document.problem(&place.key("to"), "nobody acts for themselves");
        findings
            .problems
            .push(problem.with_help("name another person, or drop the delegation"));
    } else if people
        .get(&table.from)
        .is_some_and(|it| it.roles.is_empty())
    {
        let message = format!("`{}` has no role to hand on", table.from);
        let warning = document.warning(&place.key("from"), message);
        findings
            .warnings
            .push(warning.with_help("only a person's own roles are handed on"));
    }
}

fn with_closest<'n>(name: &str, known: impl Iterator<Item = &'n str>, help: &str) -> String {
    match closest(name, known) {
        Some(meant) => format!("did you mean `{meant}`? {help}"),
        None => help.to_owned(),
    }
}
