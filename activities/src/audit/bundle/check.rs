//! Checking a bundle with nothing but itself and a public key.

use std::collections::BTreeMap;

use domain::audit::{
    AuditEntry, AuditEvent, Commitment, Hash, Pin, Statement, StreamHead, Tag, root_of, verify,
    verify_pins,
};

use super::model::{Bundle, FORMAT, LeafJson, PinJson, SealedJson, StreamJson};
use crate::audit::verify::Report;
use crate::audit::{PublicKey, PublicKeys};

/// Checks everything that is in it. Keys of the bundle itself are trusted where `trusted` has none:
/// then it is only shown that the bundle agrees with itself.
#[must_use]
pub fn check(bundle: &Bundle, trusted: &PublicKeys) -> Report {
    let mut report = Report::default();
    if bundle.format != FORMAT {
        let problem = format!("it says `{}`, this version reads `{FORMAT}`", bundle.format);
        report.wrong("format", problem);
        return report;
    }
    let keys = match trusted.is_empty() {
        false => trusted.clone(),
        true => own_keys(bundle, &mut report),
    };
    let roots = checkpoints(bundle, &keys, &mut report);
    let mut streams = BTreeMap::new();
    for stream in &bundle.streams {
        let entries = check_stream(stream, &roots, &mut report);
        streams.insert(stream.stream.as_str(), entries);
    }
    for sealed in &bundle.sealed {
        check_sealed(sealed, &streams, &mut report);
    }
    check_lineage(bundle, &streams, &mut report);
    check_inputs(bundle, &streams, &mut report);
    report.sort();
    report
}

fn own_keys(bundle: &Bundle, report: &mut Report) -> PublicKeys {
    let mut keys = PublicKeys::default();
    for text in bundle.public_keys.values() {
        match PublicKey::parse(text) {
            Ok(key) => keys.trust(key),
            Err(problem) => report.wrong("public_keys", problem),
        }
    }
    let ids: Vec<&str> = keys.iter().map(|(id, _)| id.as_str()).collect();
    if !ids.is_empty() {
        report.note(format!(
            "the public key is the bundle's own ({}): compare it with the one that you were given, \
             or say --public-key",
            ids.join(", ")
        ));
    }
    keys
}

/// Root and number of heads of the checkpoints whose signatures hold, by number.
type Roots = BTreeMap<u64, (Hash, u64)>;

fn checkpoints(bundle: &Bundle, keys: &PublicKeys, report: &mut Report) -> Roots {
    let mut roots = Roots::new();
    report.checkpoints = bundle.checkpoints.len() as u64;
    for document in &bundle.checkpoints {
        let checked = document.signed().and_then(|signed| {
            keys.check(&signed)?;
            Ok(signed)
        });
        match checked {
            Ok(signed) => {
                let checkpoint = signed.checkpoint;
                roots.insert(checkpoint.number, (checkpoint.root, checkpoint.count));
                let covered = &mut report.covered;
                if covered.last_checkpoint <= Some(checkpoint.number) {
                    covered.last_checkpoint = Some(checkpoint.number);
                    covered.last_checkpoint_at = Some(checkpoint.at.to_string());
                    covered.last_checkpoint_hash = Some(checkpoint.hash().to_string());
                }
            }
            Err(problem) => report.wrong(format!("checkpoint/{}", document.number), problem),
        }
    }
    roots
}

/// The entries of a stream, if they are what was written.
fn check_stream(stream: &StreamJson, roots: &Roots, report: &mut Report) -> Vec<AuditEntry> {
    let name = &stream.stream;
    report.streams += 1;
    report.entries += stream.entries.len() as u64;
    let pinned = stream.pin.as_ref().map_or(0, |pin| pin.length);
    let not_covered = (stream.entries.len() as u64).saturating_sub(pinned);
    report.covered.entries_not_covered += not_covered;
    report.covered.streams_not_covered += u64::from(not_covered > 0);
    let read: Result<Vec<AuditEntry>, String> = stream
        .entries
        .iter()
        .map(|entry| entry.read(name))
        .collect();
    let checked = read.and_then(|entries| {
        let head = entries.last().map(AuditEntry::head);
        let head = head.ok_or("it has no entries")?;
        verify(name, &entries, head).map_err(|error| error.to_string())?;
        if let Some(pin) = &stream.pin {
            let pins = [pin_of(name, pin, roots)?];
            verify_pins(name, &entries, &pins).map_err(|error| error.to_string())?;
        }
        Ok(entries)
    });
    checked.unwrap_or_else(|problem| {
        report.wrong(name, problem);
        Vec::new()
    })
}

/// The pin, if a checkpoint of the bundle is over it.
fn pin_of(stream: &str, pin: &PinJson, roots: &Roots) -> Result<Pin, String> {
    let number = pin.checkpoint;
    let root = roots.get(&number);
    let root = root.ok_or_else(|| format!("checkpoint {number} pins it, and does not hold"))?;
    let (root, count) = *root;
    let head: StreamHead = pin.head(stream)?;
    let proof = pin.proof.read()?;
    match proof.size == count && proof.holds(head.leaf(), root) {
        true => Ok(Pin {
            checkpoint: number,
            head: head.head(),
        }),
        false => Err(format!("checkpoint {number} is not over this end of it")),
    }
}

type Streams<'a> = BTreeMap<&'a str, Vec<AuditEntry>>;

fn check_sealed(sealed: &SealedJson, streams: &Streams<'_>, report: &mut Report) {
    let subject = format!("{} {}", sealed.run, sealed.tag);
    let root = root_of_run(sealed, streams);
    let (tag, root, count) = match (Tag::parse(&sealed.tag), root) {
        (Some(tag), Some((root, count))) => (tag, root, count),
        _ => return report.wrong(subject, "the run's stream has no root for this"),
    };
    report.leaves += sealed.leaves.len() as u64;
    let leaves: Vec<Statement> = sealed.leaves.iter().map(|leaf| leaf.read(tag)).collect();
    if sealed.leaves.iter().all(|leaf| leaf.proof.is_none()) {
        if root_of(leaves.iter().map(Statement::leaf)) != root {
            report.wrong(
                subject.as_str(),
                "these are not the leaves that were sealed",
            );
        }
    } else {
        for (json, leaf) in sealed.leaves.iter().zip(&leaves) {
            let proof = json.proof.as_ref().ok_or("a leaf has no proof".to_owned());
            match proof.and_then(|proof| proof.read()) {
                Ok(proof) if proof.size == count && proof.holds(leaf.leaf(), root) => {}
                Ok(_) => report.wrong(subject.as_str(), "a leaf is not what was sealed"),
                Err(problem) => report.wrong(subject.as_str(), problem),
            }
        }
    }
    for (json, leaf) in sealed.leaves.iter().zip(&leaves) {
        if let Err(problem) = check_texts(json, leaf) {
            report.wrong(subject.as_str(), problem);
        }
    }
}

/// The root that the run's stream has, and over how many leaves it is.
fn root_of_run(sealed: &SealedJson, streams: &Streams<'_>) -> Option<(Hash, u64)> {
    let (root, count) = match Tag::parse(&sealed.tag)? {
        Tag::Match => ("matches_root", "matches_count"),
        Tag::Discrepancy => ("discrepancies_root", "discrepancies"),
        Tag::Head | Tag::Checkpoint => return None,
    };
    let entries = streams.get(sealed.run.as_str())?;
    let entry = entries.get(usize::try_from(sealed.sequence).ok()?)?;
    let field = |name: &str| {
        let found = entry.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    };
    let is_compared = entry.event == AuditEvent::Compared;
    let root = field(root).filter(|_| is_compared);
    Some((Hash::parse(root?)?, field(count)?.parse().ok()?))
}

/// The texts that go along are those that the leaf commits to.
fn check_texts(json: &LeafJson, leaf: &Statement) -> Result<(), String> {
    let Some(key) = &json.key else {
        return match json.texts.is_empty() {
            true => Ok(()),
            false => Err("a leaf has texts and no key to open them".to_owned()),
        };
    };
    let key = Hash::parse(key).ok_or("a leaf's key is none")?;
    let commitment = Commitment::with_key(*key.as_bytes());
    for (name, text) in &json.texts {
        if leaf.get(name) != Some(&*commitment.to(text)) {
            return Err(format!("`{name}` is not the text that was sealed"));
        }
    }
    Ok(())
}

/// Each figure is one of a sealed leaf, and its input one that a run sealed.
fn check_lineage(bundle: &Bundle, streams: &Streams<'_>, report: &mut Report) {
    let sealed = bundle.sealed.iter();
    let sealed = sealed.filter(|it| it.tag == Tag::Discrepancy.name());
    let leaves: Vec<&LeafJson> = sealed.flat_map(|it| &it.leaves).collect();
    for figure in &bundle.lineage {
        let subject = format!("{} {}", figure.discrepancy, figure.figure);
        let is_of = |leaf: &&&LeafJson| get(leaf, "id") == Some(&*figure.discrepancy);
        let Some(leaf) = leaves.iter().find(is_of) else {
            report.wrong(subject, "no leaf of the bundle has this figure");
            continue;
        };
        let record = figure
            .figure
            .strip_suffix(".amount")
            .unwrap_or(&figure.figure);
        let of_record = |part: &str| get(leaf, &format!("{record}.{part}")).unwrap_or_default();
        let value = format!("{} {}", of_record("amount"), of_record("currency"));
        let place = (of_record("file"), of_record("line").to_owned());
        let raw = leaf.texts.get(&format!("{record}.raw"));
        let is_said = value == figure.value
            && place == (&*figure.file, figure.line.to_string())
            && raw == Some(&figure.raw);
        if !is_said {
            report.wrong(
                subject.as_str(),
                "the leaf says something else of this figure",
            );
        }
        let entries = streams.get(figure.run.as_str());
        let mut entries = entries.into_iter().flatten();
        let side = Some(of_record("side"));
        if !entries.any(|entry| seals(entry, side, &figure.file, &figure.sha256)) {
            report.wrong(subject, "no run of the bundle sealed this input");
        }
    }
}

fn get<'a>(leaf: &'a LeafJson, name: &str) -> Option<&'a str> {
    let found = leaf.fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// Whether an entry says that this input was sealed, for this side where one is given.
fn seals(entry: &AuditEntry, side: Option<&str>, file: &str, sha256: &str) -> bool {
    let has = |name: &str, value: &str| {
        let mut fields = entry.fields.iter();
        fields.any(|(known, own)| known == name && own == value)
    };
    entry.event == AuditEvent::InputSealed
        && has("name", file)
        && has("sha256", sha256)
        && side.is_none_or(|side| has("side", side))
}

/// Each input has the bytes that its hash says, and what lineage says stands in it.
fn check_inputs(bundle: &Bundle, streams: &Streams<'_>, report: &mut Report) {
    for input in &bundle.inputs {
        report.files += 1;
        let subject = format!("input {}", input.file);
        let Ok(bytes) = hex::decode(&input.content) else {
            report.wrong(subject, "its content is no hexadecimal");
            continue;
        };
        if Hash::of(&bytes).to_string() != input.sha256 {
            report.wrong(subject, "its content is not what was sealed");
            continue;
        }
        let mut entries = streams.values().flatten();
        if !entries.any(|entry| seals(entry, None, &input.file, &input.sha256)) {
            report.wrong(subject, "no run of the bundle sealed it");
            continue;
        }
        // In another encoding, the text is not found by its bytes.
        let Ok(content) = String::from_utf8(bytes) else {
            report.note(format!(
                "{subject} is not UTF-8: its lines were not looked at"
            ));
            continue;
        };
        let figures = bundle.lineage.iter();
        for figure in figures.filter(|it| it.sha256 == input.sha256) {
            if !figure.raw.starts_with("erased:") && !content.contains(&figure.raw) {
                let figure = format!("{} {}", figure.discrepancy, figure.figure);
                report.wrong(figure, format!("its text does not stand in {subject}"));
            }
        }
    }
}
