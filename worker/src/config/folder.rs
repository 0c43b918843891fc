//! Finds and reads the files of a configuration folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use activities::punctuality::Punctuality;
use activities::source::{SideInput, Source};
use domain::alert::{AlertPolicy, Route};
use domain::business_day::BusinessDay;
use domain::case::Approval;
use domain::cause::CausePolicy;
use domain::escalation::{Escalation, Step};
use domain::open_items::Records;
use sha2::{Digest, Sha256};

use super::document::Document;
use super::policy::{self, Findings};
use super::problem::{Problem, Warning};
use super::settings_file::SettingsFile;
use super::source_file::SourceFile;
use super::{
    Configuration, audit, authority, causes, channels, checks, encryption, punctual, stores,
};

/// The environment variable that names the configuration folder.
pub const FOLDER_VARIABLE: &str = "TRUEUP_CONFIG";
/// The sample configuration, from the top of the repository.
pub const DEMO_FOLDER: &str = "examples/demo";

const SETTINGS_FILE: &str = "trueup.toml";
const SOURCES_FOLDER: &str = "sources";
/// A configuration file is written by people; a larger one is something else.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Longest name of a source: it is part of workflow ids and object keys.
const SOURCE_NAME_BYTES_MAX: usize = 64;

/// The configuration folder: `flag`, else `TRUEUP_CONFIG`, else the current folder.
#[must_use]
pub fn choose_folder(flag: Option<PathBuf>) -> PathBuf {
    flag.or_else(|| std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Reads and checks the configuration in `folder`.
///
/// # Errors
/// Every problem of all files that could be found in one go, in order of file and line.
pub fn load(folder: &Path) -> Result<(Configuration, Vec<Warning>), Vec<Problem>> {
    if !folder.join(SETTINGS_FILE).exists() {
        return Err(vec![no_configuration(folder)]);
    }
    let mut findings = Findings::default();
    let settings = read_settings(folder, &mut findings);
    let sources = read_sources(folder, &mut findings);
    let (Some((settings, settings_document)), Some(sources)) = (settings, sources) else {
        findings.problems.sort();
        return Err(findings.problems);
    };
    let authority = authority::build(&settings, &settings_document, &sources, &mut findings);
    encryption::check(&settings.encryption, &settings_document, &mut findings);
    let rules = channels::rules(&settings.alerts.channels, &settings_document, &mut findings);
    let store = stores::build(&settings, &settings_document, folder, &mut findings);
    let audit = audit::build(&settings, &settings_document, &mut findings);
    let mut configuration = Configuration {
        audit,
        settings: settings_document.text().to_owned(),
        folder: folder.to_owned(),
        temporal: settings.temporal,
        store,
        staging: settings.staging,
        encryption: settings.encryption,
        channels: settings.alerts.channels,
        channel_rules: rules,
        limits: settings.limits,
        work: settings.work,
        authority,
        sources: BTreeMap::new(),
    };
    let mut documents = BTreeMap::new();
    for (name, (file, document)) in sources {
        checks::check_source(
            &file,
            &document,
            folder,
            &configuration.channels,
            &mut findings,
        );
        let punctuality = punctual::build(&file, &document, &mut findings);
        let policy = policy::build(&name, &file, &document, &mut findings);
        let approval = authority::approval(&file, &document, &mut findings);
        let alerts = AlertPolicy {
            routes: routes(&file),
            summary_above: settings.alerts.summary_above,
            link_base: settings.alerts.link_base_url.clone(),
        };
        causes::check(&file, &document, &mut findings);
        let source = source(file, &document, policy, approval, alerts, punctuality);
        configuration.sources.insert(name.clone(), source);
        documents.insert(name, document);
    }
    checks::warn_of_unused_channels(&configuration, &settings_document, &mut findings);
    findings.problems.sort();
    findings.warnings.sort();
    match findings.problems.is_empty() {
        true => Ok((configuration, findings.warnings)),
        false => Err(findings.problems),
    }
}

pub(super) fn source(
    file: SourceFile,
    document: &Document,
    policy: domain::policy::SourcePolicy,
    approval: Approval,
    alerts: AlertPolicy,
    punctuality: Punctuality,
) -> Source {
    let escalation = escalation(&file);
    Source {
        title: file.title,
        version: document.sha256(),
        text: document.text().to_owned(),
        business_day: BusinessDay {
            time_zone: file.time_zone.0.clone(),
            cut_off: file.cut_off.as_ref().map(|time| time.0),
        },
        policy,
        partner: SideInput {
            transport: file.partner.transport,
            format: file.partner.format,
            records: file.partner.records.map_or(Records::New, |it| it.0),
        },
        ledger: SideInput {
            transport: file.ledger.transport,
            format: file.ledger.format,
            records: file.ledger.records.map_or(Records::Cumulative, |it| it.0),
        },
        approval,
        alerts,
        punctuality,
        causes: CausePolicy {
            members_min: file.causes.members_min,
            share_percent: file.causes.share_percent,
        },
        escalation,
        review_window: file.review_window.map(|window| window.0),
        repeated_report: file.repeated_report,
        remember_days: file.remember_days,
    }
}

fn routes(file: &SourceFile) -> Vec<Route> {
    let routes = file.alerts.iter().flat_map(|table| {
        table.channels.iter().map(|channel| Route {
            severity_from: table.severity_from.0,
            channel: channel.clone(),
        })
    });
    routes.collect()
}

fn escalation(file: &SourceFile) -> Escalation {
    let steps = file.escalation.iter().map(|table| Step {
        severity_from: table.severity_from.0,
        after: table.after.0,
        repeat: table.repeat.as_ref().map(|repeat| repeat.0),
        channels: table.channels.clone(),
    });
    Escalation {
        steps: steps.collect(),
    }
}

fn read_settings(folder: &Path, findings: &mut Findings) -> Option<(SettingsFile, Document)> {
    let document = match read(folder, Path::new(SETTINGS_FILE)) {
        Ok(document) => document,
        Err(problem) => {
            findings.problems.push(problem);
            return None;
        }
    };
    parse(document, findings)
}

fn no_configuration(folder: &Path) -> Problem {
    let message = format!(
        "there is no {SETTINGS_FILE} in the folder {}",
        folder.display()
    );
    Problem::of_file(SETTINGS_FILE, message).with_help(format!(
        "name the configuration folder with --config or {FOLDER_VARIABLE}, or try {DEMO_FOLDER}"
    ))
}

type Sources = BTreeMap<String, (SourceFile, Document)>;

/// All sources that could be read; `None` when some could not.
fn read_sources(folder: &Path, findings: &mut Findings) -> Option<Sources> {
    let mut files: Vec<PathBuf> = match list(&folder.join(SOURCES_FOLDER)) {
        Ok(files) => files,
        Err(error) => {
            findings.problems.push(no_sources(&error.to_string()));
            return None;
        }
    };
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "toml")
    });
    if files.is_empty() {
        findings
            .problems
            .push(no_sources("no file there ends in .toml"));
        return None;
    }
    let count = files.len();
    let mut sources = Sources::new();
    for file in files {
        let relative = Path::new(SOURCES_FOLDER).join(&file);
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if !is_source_name(name) {
            findings.problems.push(bad_source_name(&relative));
            continue;
        }
        match read(folder, &relative) {
            Ok(document) => {
                if let Some(source) = parse(document, findings) {
                    sources.insert(name.to_owned(), source);
                }
            }
            Err(problem) => findings.problems.push(problem),
        }
    }
    (sources.len() == count).then_some(sources)
}

fn no_sources(reason: &str) -> Problem {
    Problem::of_file(SOURCES_FOLDER, format!("no source is configured: {reason}"))
        .with_help("each source has a file sources/<name>.toml")
}

/// Small letters, digits and hyphens: safe in workflow ids, URLs, file names and shells.
fn is_source_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=SOURCE_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

fn bad_source_name(file: &Path) -> Problem {
    let message = "the file name is the source's name, and this can't be one";
    Problem::of_file(file.display().to_string(), message).with_help(format!(
        "use small letters, digits and hyphens, at most {SOURCE_NAME_BYTES_MAX}: acme-pay.toml"
    ))
}

fn parse<T: serde::de::DeserializeOwned>(
    document: Document,
    findings: &mut Findings,
) -> Option<(T, Document)> {
    match document.read() {
        Ok(value) => Some((value, document)),
        Err(problems) => {
            findings.problems.extend(problems);
            None
        }
    }
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let mut names = entries
        .map(|entry| entry.map(|entry| PathBuf::from(entry.file_name())))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn read(folder: &Path, relative: &Path) -> Result<Document, Problem> {
    let name = relative.display().to_string();
    let mut bytes = Vec::new();
    fs::File::open(folder.join(relative))
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::of_file(&name, format!("can't be read: {error}")))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("larger than {FILE_BYTES_MAX} bytes: not a configuration");
        return Err(Problem::of_file(&name, message));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Document::new(name, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("not UTF-8 from byte {} on", at + 1);
            Err(Problem::of_file(&name, message).with_help("save the file as UTF-8"))
        }
    }
}

impl Document {
    /// SHA-256 of the file as it is on disk, hexadecimal.
    fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.text().as_bytes()))
    }
}
