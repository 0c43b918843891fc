//! A source as it was configured once: from the texts that a run's trail names.

use activities::formats::ReadLimits;
use activities::source::Source;
use domain::alert::AlertPolicy;

use super::document::Document;
use super::policy::{self, Findings};
use super::problem::Problem;
use super::settings_file::SettingsFile;
use super::source_file::SourceFile;
use super::{authority, folder, punctual};

/// The text of a source's file.
#[derive(Clone, Copy, Debug)]
pub struct RulesText<'a> {
    /// What problems in it are said to be in.
    pub file: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// What these texts say of how a run decides. Whom it alerts is left out.
///
/// # Errors
/// What this version can't read any more.
pub fn as_recorded(
    name: &str,
    rules: RulesText<'_>,
    settings: &str,
) -> Result<(Source, ReadLimits), Vec<Problem>> {
    let document = Document::new(rules.file, rules.text);
    let file: SourceFile = document.read()?;
    let settings: SettingsFile = Document::new("trueup.toml", settings).read()?;
    let mut findings = Findings::default();
    let policy = policy::build(name, &file, &document, &mut findings);
    let approval = authority::approval(&file, &document, &mut findings);
    let punctuality = punctual::build(&file, &document, &mut findings);
    if !findings.problems.is_empty() {
        return Err(findings.problems);
    }
    let alerts = AlertPolicy {
        routes: Vec::new(),
        summary_above: settings.alerts.summary_above,
        link_base: None,
    };
    let source = folder::source(file, &document, policy, approval, alerts, punctuality);
    Ok((source, settings.limits))
}
