//! Every file that a run's stream names: its bytes, and the roots over what it holds.

use domain::audit::{AuditEntry, AuditEvent, Hash, root_of};
use domain::discrepancy::Discrepancy;
use proto::staged::{MatchLine, decode_all};

use super::facts::{Fields, StreamFacts};
use super::{Report, VerifyProblem, Verifying};
use crate::audit::seal;
use crate::staging::{Folder, SETTINGS, StagingError};
use crate::store::StoreError;

/// Checks them.
pub(super) async fn check(
    with: &Verifying,
    run_id: &str,
    facts: &StreamFacts,
    report: &mut Report,
) -> Result<(), VerifyProblem> {
    let source = facts.source.as_str();
    for (sequence, event, fields) in &facts.named {
        let mut files = Files {
            with,
            source,
            run_id,
            sequence: *sequence,
            report,
        };
        match event {
            AuditEvent::InputSealed => {
                let what = format!("input {}", text(fields, "name"));
                let folder = Folder::Inputs { source };
                files.read(folder, &what, text(fields, "sha256")).await?;
            }
            AuditEvent::RulesVersioned => {
                // Before its texts were kept, only the hash was on the trail.
                if let Some(settings) = fields.get("settings_sha256") {
                    let folder = Folder::Rules { of: SETTINGS };
                    files.read(folder, SETTINGS, settings).await?;
                    let folder = Folder::Rules { of: source };
                    let rules = text(fields, "sha256");
                    files.read(folder, "the source's rules", rules).await?;
                }
            }
            _ => files.compared(fields).await?,
        }
    }
    Ok(())
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

struct Files<'a> {
    with: &'a Verifying,
    source: &'a str,
    run_id: &'a str,
    sequence: u64,
    report: &'a mut Report,
}

impl Files<'_> {
    /// Reads a file by its hash; none, and a finding, when it is not there or is another.
    async fn read(
        &mut self,
        folder: Folder<'_>,
        what: &str,
        sha256: &str,
    ) -> Result<Option<Vec<u8>>, VerifyProblem> {
        self.report.files += 1;
        match self.with.staging.get_by_hash(folder, sha256).await {
            Ok((_, bytes)) => Ok(Some(bytes)),
            Err(error @ (StagingError::Missing { .. } | StagingError::Damaged { .. })) => {
                self.wrong(format!("{what}: {error}"));
                Ok(None)
            }
            Err(StagingError::Redacted {
                key,
                redacted_sha256,
                ..
            }) => {
                self.redacted(what, &key, &redacted_sha256).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A redacted copy is in the place of a file: the trail has to say that it is this one.
    async fn redacted(
        &mut self,
        what: &str,
        key: &str,
        redacted_sha256: &str,
    ) -> Result<(), VerifyProblem> {
        let stream = format!("privacy/{}", self.source);
        let entries = match self.with.store.audit(&stream).await {
            Ok(stream) => stream.entries,
            Err(StoreError::NotFound(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let says = |entry: &AuditEntry| {
            let has = |name: &str, value: &str| {
                entry
                    .fields
                    .iter()
                    .any(|(field, said)| field == name && said == value)
            };
            entry.event == AuditEvent::DataErased
                && has("object", key)
                && has("redacted_sha256", redacted_sha256)
        };
        match entries.iter().any(says) {
            true => self.report.note(
                "some files are redacted: what they held can't be verified any more, the stream \
                 privacy/<source> says who had it erased",
            ),
            false => self.wrong(format!(
                "{what}: {key} is redacted, and no entry of {stream} says so"
            )),
        }
        Ok(())
    }

    fn wrong(&mut self, problem: String) {
        self.report
            .wrong_at(self.run_id, Some(self.sequence), problem);
    }

    async fn compared(&mut self, fields: &Fields) -> Result<(), VerifyProblem> {
        let (run_id, source) = (self.run_id, self.source);
        let compared = Folder::Compared { run_id };
        for name in ["position_sha256", "begun_with_sha256"] {
            let position = fields.get(name).filter(|sha256| *sha256 != "none");
            if let Some(sha256) = position {
                let folder = Folder::Positions { source };
                self.read(folder, "a position", sha256).await?;
            }
        }
        let sha256 = text(fields, "discrepancies_sha256");
        if let Some(bytes) = self.read(compared, "the discrepancies", sha256).await? {
            self.discrepancies(&bytes, fields);
        }
        let mut leaves = Vec::new();
        for sha256 in text(fields, "matches_sha256").split_whitespace() {
            let Some(bytes) = self.read(compared, "matches", sha256).await? else {
                return Ok(());
            };
            match decode_all::<MatchLine>(&bytes) {
                Ok(lines) => leaves.extend(lines.iter().map(|line| seal::of_match(line).leaf())),
                Err(error) => self.wrong(format!("matches: {error}")),
            }
        }
        self.report.leaves += leaves.len() as u64;
        let count = leaves.len().to_string();
        if fields
            .get("matches_count")
            .is_some_and(|stated| *stated != count)
        {
            self.wrong(format!(
                "the files hold {count} matches, another number was sealed"
            ));
        }
        self.root("matches_root", root_of(seal::in_order(leaves)), fields);
        Ok(())
    }

    fn discrepancies(&mut self, bytes: &[u8], fields: &Fields) {
        match decode_all::<Discrepancy>(bytes) {
            Ok(_) if !self.with.has_key_of(fields) => self.wrong(format!(
                "the discrepancies can't be checked: they commit to personal texts under the key \
                 {}, and the entry `commitments` of this key ring is {}",
                fields.get("commitment_key").map_or("", String::as_str),
                self.with.commitments.id(),
            )),
            Ok(found) => {
                let leaves = seal::discrepancy_leaves(&found, self.with.commitments);
                self.report.leaves += leaves.len() as u64;
                self.root("discrepancies_root", root_of(leaves), fields);
            }
            Err(error) => self.wrong(format!("the discrepancies: {error}")),
        }
    }

    fn root(&mut self, name: &str, root: Hash, fields: &Fields) {
        match fields.get(name) {
            Some(sealed) if *sealed != root.to_string() => {
                self.wrong(format!("`{name}` is not the root over what the files hold"));
            }
            Some(_) => {}
            None => self.report.note(
                "some runs were recorded before matches and discrepancies were sealed by roots",
            ),
        }
    }
}
