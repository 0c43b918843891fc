//! Putting a bundle together from what is on record.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::{
    AuditEvent, Commitment, Hash, SignedCheckpoint, Statement, StreamHead, Tag, committed_texts,
    prove,
};
use domain::discrepancy::Discrepancy;
use domain::record::Record;
use proto::staged::{MatchLine, decode_all};

use super::model::{
    Bundle, FORMAT, InputJson, LeafJson, LineageJson, PinJson, SealedJson, StreamJson,
};
use crate::audit::document::CheckpointJson;
use crate::audit::seal;
use crate::audit::verify::facts::{Fields, StreamFacts};
use crate::audit::verify::runs::found;
use crate::audit::verify::{VerifyProblem, Verifying};
use crate::staging::{Folder, StagingError};
use crate::store::StoreError;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleProblem {
    /// Something can't be read.
    #[error(transparent)]
    Reading(#[from] VerifyProblem),
    /// The run did not come so far, or is older than what seals it.
    #[error("{0} has sealed nothing: it was not compared yet, or by a version without seals")]
    NotSealed(String),
    /// The run has no such match.
    #[error("{run} has no match whose reference is {reference}")]
    NoMatch {
        /// The run.
        run: String,
        /// As asked for.
        reference: String,
    },
    /// What is on record is not what was sealed.
    #[error("{run}: {problem}; `trueup audit verify {run}` says more")]
    Damaged {
        /// The run.
        run: String,
        /// What is wrong.
        problem: String,
    },
}

impl From<StoreError> for BundleProblem {
    fn from(error: StoreError) -> Self {
        VerifyProblem::from(error).into()
    }
}

impl From<StagingError> for BundleProblem {
    fn from(error: StagingError) -> Self {
        VerifyProblem::from(error).into()
    }
}

/// Makes bundles of one installation.
#[derive(Debug)]
pub struct Bundler<'a> {
    with: &'a Verifying,
    checkpoints: Vec<SignedCheckpoint>,
    /// Whether inputs go along.
    with_inputs: bool,
}

/// A run's stream, and the entry that seals what it found.
struct Run {
    facts: StreamFacts,
    sequence: u64,
    compared: Fields,
}

impl<'a> Bundler<'a> {
    /// Reads the checkpoints.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn new(with: &'a Verifying, with_inputs: bool) -> Result<Self, BundleProblem> {
        let mut checkpoints: Vec<SignedCheckpoint> = Vec::new();
        loop {
            let from = checkpoints
                .last()
                .map_or(0, |last| last.checkpoint.number + 1);
            let page = with.store.checkpoints(from).await?;
            if page.is_empty() {
                break;
            }
            checkpoints.extend(page);
        }
        Ok(Bundler {
            with,
            checkpoints,
            with_inputs,
        })
    }

    /// Evidence of one discrepancy, as the last run that saw it found it.
    ///
    /// # Errors
    /// [`BundleProblem`].
    pub async fn discrepancy(&self, id: &str) -> Result<Bundle, BundleProblem> {
        let row = self.with.store.discrepancy(id).await?;
        let run = self.run_of(&row.run_id).await?;
        let rows = self.rows(&run).await?;
        let at = rows.iter().position(|it| it.id == row.discrepancy.id);
        let leaves = seal::discrepancy_leaves(&rows, self.with.commitments);
        let proof = at.and_then(|at| prove(&leaves, at));
        let proof = proof.ok_or_else(|| BundleProblem::NotSealed(row.run_id.clone()))?;
        let mut leaf = self.leaf(&row.discrepancy);
        leaf.proof = Some(proof.into());
        let sealed = run.sealed(Tag::Discrepancy, vec![leaf]);
        let about = format!("discrepancy {id} of {}", row.run_id);
        self.bundle(about, &run, vec![sealed], &[row.discrepancy])
            .await
    }

    /// Evidence of the matches of a run that have this reference.
    ///
    /// # Errors
    /// [`BundleProblem`].
    pub async fn matches(&self, run_id: &str, reference: &str) -> Result<Bundle, BundleProblem> {
        let run = self.run_of(run_id).await?;
        let all = self.match_leaves(&run).await?;
        let hashes: Vec<Hash> = all.iter().map(|(hash, _)| *hash).collect();
        let is_meant = |leaf: &Statement| {
            let mut fields = leaf.fields();
            fields.any(|(name, value)| name.starts_with("reference.") && value == reference)
        };
        let meant = all
            .iter()
            .enumerate()
            .filter(|(_, (_, leaf))| is_meant(leaf));
        let leaves: Vec<LeafJson> = meant
            .map(|(at, (_, leaf))| LeafJson {
                proof: prove(&hashes, at).map(Into::into),
                ..LeafJson::of(leaf)
            })
            .collect();
        if leaves.is_empty() {
            let (run, reference) = (run_id.to_owned(), reference.to_owned());
            return Err(BundleProblem::NoMatch { run, reference });
        }
        let sealed = run.sealed(Tag::Match, leaves);
        let about = format!("matches with the reference {reference} of {run_id}");
        self.bundle(about, &run, vec![sealed], &[]).await
    }

    /// Evidence of all that a run found.
    ///
    /// # Errors
    /// [`BundleProblem`].
    pub async fn run(&self, run_id: &str) -> Result<Bundle, BundleProblem> {
        let run = self.run_of(run_id).await?;
        let rows = self.rows(&run).await?;
        let discrepancies = rows.iter().map(|it| self.leaf(it)).collect();
        let matches = self.match_leaves(&run).await?;
        let matches = matches.iter().map(|(_, leaf)| LeafJson::of(leaf)).collect();
        let sealed = vec![
            run.sealed(Tag::Discrepancy, discrepancies),
            run.sealed(Tag::Match, matches),
        ];
        self.bundle(format!("all that {run_id} found"), &run, sealed, &rows)
            .await
    }

    async fn run_of(&self, run_id: &str) -> Result<Run, BundleProblem> {
        let stream = self.with.store.audit(run_id).await?;
        let facts = StreamFacts::of(run_id, &stream.entries);
        let mut named = facts.named.iter().rev();
        let compared = named.find(|(_, event, fields)| {
            *event == AuditEvent::Compared && fields.contains_key("discrepancies_root")
        });
        let Some((sequence, _, compared)) = compared.cloned() else {
            return Err(BundleProblem::NotSealed(run_id.to_owned()));
        };
        Ok(Run {
            facts,
            sequence,
            compared,
        })
    }

    /// The discrepancies of the run in the order of their tree.
    async fn rows(&self, run: &Run) -> Result<Vec<Discrepancy>, BundleProblem> {
        let mut found = found(self.with, &run.facts.stream).await?;
        found.sort_by_key(|it| it.id);
        Ok(found)
    }

    /// The matches of the run in the order of their tree.
    async fn match_leaves(&self, run: &Run) -> Result<Vec<(Hash, Statement)>, BundleProblem> {
        let run_id = &run.facts.stream;
        let mut leaves = Vec::new();
        let files = run
            .compared
            .get("matches_sha256")
            .map_or("", String::as_str);
        for sha256 in files.split_whitespace() {
            let folder = Folder::Compared { run_id };
            let (_, bytes) = self.with.staging.get_by_hash(folder, sha256).await?;
            let lines: Vec<MatchLine> =
                decode_all(&bytes).map_err(|error| BundleProblem::Damaged {
                    run: run_id.clone(),
                    problem: error.to_string(),
                })?;
            let of_file = lines.iter().map(seal::of_match);
            leaves.extend(of_file.map(|leaf| (leaf.leaf(), leaf)));
        }
        leaves.sort_by_key(|(hash, _)| *hash);
        Ok(leaves)
    }

    fn leaf(&self, discrepancy: &Discrepancy) -> LeafJson {
        let commitment = Commitment::of(self.with.commitments, &discrepancy.id);
        LeafJson {
            key: Some(hex::encode(commitment.key())),
            texts: committed_texts(discrepancy).into_iter().collect(),
            ..LeafJson::of(&seal::of_discrepancy(discrepancy, self.with.commitments))
        }
    }

    async fn bundle(
        &self,
        about: String,
        run: &Run,
        sealed: Vec<SealedJson>,
        discrepancies: &[Discrepancy],
    ) -> Result<Bundle, BundleProblem> {
        let mut runs = BTreeMap::from([(run.facts.stream.clone(), run.facts.clone())]);
        for received_by in discrepancies
            .iter()
            .flat_map(records)
            .filter_map(received_by)
        {
            if !runs.contains_key(received_by) {
                let stream = self.with.store.audit(received_by).await?;
                let facts = StreamFacts::of(received_by, &stream.entries);
                runs.insert(received_by.to_owned(), facts);
            }
        }
        let mut names: BTreeSet<String> = runs.keys().cloned().collect();
        names.extend(discrepancies.iter().map(|it| format!("case/{}", it.id)));
        let mut streams = Vec::new();
        for name in names {
            streams.extend(self.stream(&name).await?);
        }
        let pinned = streams.iter().filter_map(|stream| stream.pin.as_ref());
        let pinned: BTreeSet<u64> = pinned.map(|pin| pin.checkpoint).collect();
        let checkpoints = self.checkpoints.iter();
        let checkpoints = checkpoints.filter(|it| pinned.contains(&it.checkpoint.number));
        let lineage = discrepancies
            .iter()
            .flat_map(|it| lineage(it, &run.facts, &runs))
            .collect();
        let keys = self.with.keys.iter();
        Ok(Bundle {
            format: FORMAT.to_owned(),
            about,
            public_keys: keys
                .map(|(id, key)| (id.clone(), key.to_string()))
                .collect(),
            checkpoints: checkpoints.map(CheckpointJson::without_heads).collect(),
            streams,
            sealed,
            lineage,
            inputs: self.inputs(runs.values()).await?,
        })
    }

    /// A stream with the last pin of it; none when nobody ever dealt with the case.
    async fn stream(&self, name: &str) -> Result<Option<StreamJson>, BundleProblem> {
        let stream = match self.with.store.audit(name).await {
            Err(StoreError::NotFound(_)) => return Ok(None),
            stream => stream?,
        };
        Ok(Some(StreamJson {
            stream: name.to_owned(),
            entries: stream.entries.iter().map(Into::into).collect(),
            pin: self.checkpoints.iter().rev().find_map(|it| pin(it, name)),
        }))
    }

    async fn inputs(
        &self,
        runs: impl Iterator<Item = &StreamFacts>,
    ) -> Result<Vec<InputJson>, BundleProblem> {
        let mut inputs: BTreeMap<String, InputJson> = BTreeMap::new();
        for facts in runs.filter(|_| self.with_inputs) {
            for SealedInput { file, sha256, .. } in sealed_inputs(facts) {
                let source = &facts.source;
                let folder = Folder::Inputs { source };
                let (stored, bytes) = self.with.staging.get_by_hash(folder, sha256).await?;
                let input = InputJson {
                    file: file.to_owned(),
                    sha256: stored.sha256.clone(),
                    content: hex::encode(bytes),
                };
                inputs.insert(stored.sha256, input);
            }
        }
        Ok(inputs.into_values().collect())
    }
}

impl Run {
    fn sealed(&self, tag: Tag, leaves: Vec<LeafJson>) -> SealedJson {
        SealedJson {
            run: self.facts.stream.clone(),
            sequence: self.sequence,
            tag: tag.name().to_owned(),
            leaves,
        }
    }
}

fn pin(signed: &SignedCheckpoint, stream: &str) -> Option<PinJson> {
    let at = signed.heads.iter().position(|head| head.stream == stream)?;
    let leaves: Vec<Hash> = signed.heads.iter().map(StreamHead::leaf).collect();
    let head = &signed.heads[at];
    Some(PinJson {
        checkpoint: signed.checkpoint.number,
        length: head.length,
        hash: head.hash.to_string(),
        proof: prove(&leaves, at)?.into(),
    })
}

fn records(discrepancy: &Discrepancy) -> impl Iterator<Item = &Record> {
    named_records(discrepancy)
        .into_iter()
        .map(|(_, record)| record)
}

/// The records of a discrepancy by the names that they have in its leaf.
fn named_records(discrepancy: &Discrepancy) -> Vec<(String, &Record)> {
    let of_side = |name: &str, record| (name.to_owned(), record);
    let partner = discrepancy.partner.iter().map(|it| of_side("partner", it));
    let ledger = discrepancy.ledger.iter().map(|it| of_side("ledger", it));
    let related = discrepancy.related.iter().enumerate();
    let related = related.map(|(number, it)| (format!("related.{number}"), it));
    partner.chain(ledger).chain(related).collect()
}

/// The earlier run that received a record.
fn received_by(record: &Record) -> Option<&str> {
    record.carried_from()
}

/// Where each amount of a discrepancy stands in which input.
fn lineage(
    discrepancy: &Discrepancy,
    own: &StreamFacts,
    runs: &BTreeMap<String, StreamFacts>,
) -> Vec<LineageJson> {
    let mut lineage = Vec::new();
    for (name, record) in named_records(discrepancy) {
        let run = received_by(record)
            .and_then(|run| runs.get(run))
            .unwrap_or(own);
        let mut inputs = sealed_inputs(run);
        let is_of =
            |it: &SealedInput<'_>| it.side == record.side.name() && it.file == &*record.origin.file;
        let Some(SealedInput { sha256, .. }) = inputs.find(is_of) else {
            continue;
        };
        lineage.push(LineageJson {
            discrepancy: discrepancy.id.to_string(),
            figure: format!("{name}.amount"),
            value: format!("{} {}", record.money.amount, record.money.currency.code()),
            run: run.stream.clone(),
            file: record.origin.file.to_string(),
            sha256: sha256.to_owned(),
            line: u64::from(record.origin.line),
            raw: record.origin.raw.to_string(),
        });
    }
    lineage
}

/// An input, as a run's stream names it.
struct SealedInput<'a> {
    side: &'a str,
    file: &'a str,
    sha256: &'a str,
}

/// The inputs that a run's last execution sealed, the latest first.
fn sealed_inputs(facts: &StreamFacts) -> impl Iterator<Item = SealedInput<'_>> {
    let sealed = facts.named.iter().rev();
    let sealed = sealed.filter(|(_, event, _)| *event == AuditEvent::InputSealed);
    sealed.filter_map(|(_, _, fields)| {
        Some(SealedInput {
            side: fields.get("side")?,
            file: fields.get("name")?,
            sha256: fields.get("sha256")?,
        })
    })
}
