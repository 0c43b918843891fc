//! What a source's file must agree with outside of itself: the channels of `trueup.toml`, query
//! files, the environment; and whether its rules can ever find anything.

use std::collections::BTreeMap;
use std::path::Path;

use activities::alerts::ChannelConfig;
use activities::formats::{FieldSource, Fields, Format};
use activities::inputs::{self, Transport};
use domain::policy::Field;
use domain::record::{ReferenceKind, Side};
use domain::severity::Severity;

use super::Configuration;
use super::document::Document;
use super::policy::Findings;
use super::problem::Problem;
use super::source_file::{SideFile, SourceFile};
use super::suggest::closest;
use super::tree::Place;

/// Checks one source against everything around it.
pub(crate) fn check_source(
    file: &SourceFile,
    document: &Document,
    folder: &Path,
    channels: &BTreeMap<String, ChannelConfig>,
    findings: &mut Findings,
) {
    for side in Side::BOTH {
        check_side(side, side_of(file, side), document, folder, findings);
    }
    check_fields(file, document, findings);
    warn_of_unseen_fees(file, document, findings);
    for (index, route) in file.alerts.iter().enumerate() {
        let place = Place::root().key("alerts").index(index).key("channels");
        check_channels(
            &route.channels,
            "route",
            &place,
            document,
            channels,
            findings,
        );
    }
    for (index, step) in file.escalation.iter().enumerate() {
        let place = Place::root().key("escalation").index(index).key("channels");
        check_channels(&step.channels, "step", &place, document, channels, findings);
    }
    if let Some(digest) = &file.digest {
        let place = Place::root().key("digest").key("channel");
        if !channels.contains_key(&digest.channel) {
            let problem = no_channel(&digest.channel, channels, &place, document);
            findings.problems.push(problem);
        }
    }
    let alerted = file.alerts.iter().any(|route| !route.channels.is_empty());
    if !alerted {
        let message = "no `[[alerts]]`: nobody is told, not even of what is critical";
        let warning = document.warning(&Place::root(), message);
        findings.warnings.push(warning.with_help(format!(
            "add `[[alerts]]` with `severity_from = \"{}\"` and `channels`",
            Severity::Critical
        )));
    }
}

/// A channel that nobody uses is probably the other half of a slip.
pub(crate) fn warn_of_unused_channels(
    configuration: &Configuration,
    settings: &Document,
    findings: &mut Findings,
) {
    let used = |name: &str| {
        let mut channels = configuration.channels.values();
        if channels.any(|channel| channel.fallback().0 == Some(name)) {
            return true;
        }
        if configuration.audit.config.tell.as_deref() == Some(name) {
            return true;
        }
        let mut sources = configuration.sources.values();
        sources.any(|source| {
            let digest = source.punctuality.digest.as_ref();
            let mut routes = source.alerts.routes.iter();
            let mut steps = source.escalation.steps.iter();
            routes.any(|route| route.channel == name)
                || steps.any(|step| step.channels.iter().any(|channel| channel == name))
                || digest.is_some_and(|digest| digest.channel == name)
        })
    };
    for name in configuration.channels.keys().filter(|name| !used(name)) {
        let place = Place::root().key("alerts").key("channels").key(name);
        let warning = settings.warning(&place, format!("no source alerts to `{name}`"));
        findings
            .warnings
            .push(warning.with_help("name it in a source's `[[alerts]]`, or drop it"));
    }
}

/// The environment variables that are named and not set. A blank one counts as not set.
pub(crate) fn missing_environment(
    configuration: &Configuration,
    is_set: impl Fn(&str) -> bool,
) -> Vec<Problem> {
    let mut missing = BTreeMap::new();
    for (name, channel) in &configuration.channels {
        let variables = match channel {
            ChannelConfig::Slack(slack) => vec![&slack.webhook_url_env],
            ChannelConfig::Email(email) => email.password_env.iter().collect(),
        };
        for variable in variables {
            missing.insert(
                variable,
                ("trueup.toml".to_owned(), format!("alert channel `{name}`")),
            );
        }
    }
    if let Some(variable) = &configuration.audit.config.signing_key_env {
        let user = ("trueup.toml".to_owned(), "signing checkpoints".to_owned());
        missing.insert(variable, user);
    }
    let encryption = &configuration.encryption;
    if let Some(variable) = &encryption.keys_env {
        missing.insert(
            variable,
            ("trueup.toml".to_owned(), "encryption".to_owned()),
        );
    }
    for (name, source) in &configuration.sources {
        for side in Side::BOTH {
            if let Transport::Postgres(postgres) = &source.side(side).transport {
                let user = (
                    format!("sources/{name}.toml"),
                    format!("the {side} of `{name}`"),
                );
                missing.insert(&postgres.url_env, user);
            }
        }
    }
    missing.retain(|variable, _| !is_set(variable));
    let problem = |(variable, (file, user)): (&String, (String, String))| {
        Problem::of_file(
            file,
            format!("the environment variable {variable} is not set"),
        )
        .with_help(format!("{user} needs it; secrets are never in the files"))
    };
    missing.into_iter().map(problem).collect()
}

fn side_of(file: &SourceFile, side: Side) -> &SideFile {
    match side {
        Side::Partner => &file.partner,
        Side::Ledger => &file.ledger,
    }
}

fn check_side(
    side: Side,
    input: &SideFile,
    document: &Document,
    folder: &Path,
    findings: &mut Findings,
) {
    let here = Place::root().key(side.name());
    let format = here.key("format").key(match &input.format {
        Format::Csv(_) => "csv",
        Format::Camt053(_) => "camt053",
    });
    for problem in input.format.validate() {
        findings.problems.push(document.problem(&format, problem));
    }
    if let Err(error) = inputs::check(&input.transport, folder) {
        let place = here.key("transport").key("query_file");
        findings
            .problems
            .push(document.problem(&place, error.to_string()));
    }
}

/// A rule on a field that one side never has can never match anything.
fn check_fields(file: &SourceFile, document: &Document, findings: &mut Findings) {
    for (rule_index, rule) in file.rules.iter().enumerate() {
        for (index, key) in rule.keys().enumerate() {
            let lacks = |side: &Side| !produces(&side_of(file, *side).format, key.of(*side).field);
            let sides: Vec<Side> = Side::BOTH.into_iter().filter(lacks).collect();
            let (partner, name) = (key.partner.field.name(), key.ledger.field.name());
            let message = match sides[..] {
                [] => continue,
                [Side::Partner] => {
                    format!("this rule never matches: the partner has no `{partner}`")
                }
                [Side::Ledger] => format!("this rule never matches: the ledger has no `{name}`"),
                _ if partner == name => {
                    format!("this rule never matches: neither side has `{name}`")
                }
                _ => format!(
                    "this rule never matches: the partner has no `{partner}`, the ledger no `{name}`"
                ),
            };
            let place = Place::root()
                .key("rules")
                .index(rule_index)
                .key("on")
                .index(index);
            let help = match partner == name {
                true => format!("map `{name}` on both sides, or match on what they have"),
                false => "map them, or match on what the sides have".to_owned(),
            };
            findings
                .problems
                .push(document.problem(&place, message).with_help(help));
        }
    }
}

/// An agreed fee is checked where the report states two of gross, fee and net.
fn warn_of_unseen_fees(file: &SourceFile, document: &Document, findings: &mut Findings) {
    if file.agreed_fee.is_none() {
        return;
    }
    let (message, help) = match &file.partner.format {
        Format::Csv(mapping) => {
            let fields = &mapping.fields;
            let parts = [&fields.gross, &fields.fee, &fields.net];
            if parts.into_iter().flatten().count() >= 2 {
                return;
            }
            (
                "this fee is never checked: of gross, fee and net the partner's report has not even two",
                "map two of `gross`, `fee` and `net` (the third follows), or drop `[agreed_fee]`",
            )
        }
        Format::Camt053(_) => (
            "this fee is never checked: of a bank statement no fees are read",
            "drop `[agreed_fee]`",
        ),
    };
    let warning = document.warning(&Place::root().key("agreed_fee"), message);
    findings.warnings.push(warning.with_help(help));
}

/// Whether records of this format can have this field.
fn produces(format: &Format, field: Field) -> bool {
    match (format, field) {
        (Format::Csv(mapping), _) => csv_field(&mapping.fields, field).is_some(),
        (Format::Camt053(mapping), Field::Reference(ReferenceKind::Invoice)) => {
            mapping.invoice.is_some()
        }
        (Format::Camt053(mapping), Field::Reference(ReferenceKind::Order)) => {
            mapping.order.is_some()
        }
        (Format::Camt053(mapping), Field::Client) => mapping.client.is_some(),
        (Format::Camt053(_), _) => true,
    }
}

fn csv_field(fields: &Fields, field: Field) -> Option<&FieldSource> {
    let kind = match field {
        Field::Reference(kind) => kind,
        Field::Client => return fields.client.as_ref(),
        Field::Counterparty => return fields.counterparty.as_ref(),
        Field::Description => return fields.description.as_ref(),
    };
    let field = match kind {
        ReferenceKind::Reference => &fields.reference,
        ReferenceKind::Invoice => &fields.invoice,
        ReferenceKind::Order => &fields.order,
        ReferenceKind::Batch => &fields.batch,
        ReferenceKind::EndToEndId => &fields.end_to_end_id,
        ReferenceKind::TransactionId => &fields.transaction_id,
        ReferenceKind::InstructionId => &fields.instruction_id,
        ReferenceKind::Uetr => &fields.uetr,
        ReferenceKind::ServicerReference => &fields.servicer_reference,
        ReferenceKind::CreditorReference => &fields.creditor_reference,
        ReferenceKind::MandateId => &fields.mandate_id,
        ReferenceKind::OriginalReference => &fields.original_reference,
    };
    field.as_ref()
}

/// The channels of a route, or of a step of the escalation.
fn check_channels(
    names: &[String],
    of: &str,
    place: &Place,
    document: &Document,
    channels: &BTreeMap<String, ChannelConfig>,
    findings: &mut Findings,
) {
    if names.is_empty() {
        let problem = document.problem(place, format!("a {of} needs at least one channel"));
        findings
            .problems
            .push(problem.with_help(known_channels(channels)));
    }
    for (position, name) in names.iter().enumerate() {
        if channels.contains_key(name) {
            continue;
        }
        let problem = no_channel(name, channels, &place.index(position), document);
        findings.problems.push(problem);
    }
}

/// There is no channel of this name.
pub(super) fn no_channel(
    name: &str,
    channels: &BTreeMap<String, ChannelConfig>,
    place: &Place,
    document: &Document,
) -> Problem {
    let help = match closest(name, channels.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`? {}", known_channels(channels)),
        None => known_channels(channels),
    };
    let problem = document.problem(place, format!("no channel `{name}`"));
    problem.with_help(help)
}

fn known_channels(channels: &BTreeMap<String, ChannelConfig>) -> String {
    if channels.is_empty() {
        return "trueup.toml has no channel yet: add `[alerts.channels.<name>]`".to_owned();
    }
    let names: Vec<&str> = channels.keys().map(String::as_str).collect();
    format!("channels in trueup.toml: {}", names.join(", "))
}
