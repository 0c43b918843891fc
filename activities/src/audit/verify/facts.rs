//! What the entries of one stream say about things outside of it.

use std::collections::BTreeMap;

use domain::audit::{AuditEntry, AuditEvent};

/// Fields of an entry by name.
pub(in crate::audit) type Fields = BTreeMap<String, String>;

/// What a stream says that can be held against something else.
#[derive(Clone, Debug, Default)]
pub(in crate::audit) struct StreamFacts {
    /// Its name.
    pub(in crate::audit) stream: String,
    /// How many entries it had when it was read.
    pub(in crate::audit) length: u64,
    /// The source, by the run's first entry.
    pub(in crate::audit) source: String,
    /// Inputs, rules and comparisons, in order, each with its entry's place.
    pub(in crate::audit) named: Vec<(u64, AuditEvent, Fields)>,
    /// Whether the run was begun again after its last comparison.
    pub(in crate::audit) is_reopened: bool,
    /// The sign-off: place, who, when, what.
    pub(in crate::audit) signed_off: Option<(u64, AuditEntry)>,
    /// How the case stood after its last change, where that was said, and in which currency.
    pub(in crate::audit) last_after: Option<(u64, String)>,
    /// The last currency that an entry named.
    pub(in crate::audit) currency: Option<String>,
}

impl StreamFacts {
    /// Gathers them.
    pub(in crate::audit) fn of(stream: &str, entries: &[AuditEntry]) -> Self {
        let mut facts = StreamFacts {
            stream: stream.to_owned(),
            length: entries.len() as u64,
            ..StreamFacts::default()
        };
        for entry in entries {
            facts.take(entry);
        }
        facts
    }

    fn take(&mut self, entry: &AuditEntry) {
        let field = |wanted: &str| {
            let mut fields = entry.fields.iter();
            let found = fields.find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        match entry.event {
            AuditEvent::RunOpened => {
                self.source = field("source").unwrap_or_default();
                self.is_reopened = true;
            }
            AuditEvent::Compared | AuditEvent::InputSealed | AuditEvent::RulesVersioned => {
                self.is_reopened &= entry.event != AuditEvent::Compared;
                let fields = entry.fields.iter().cloned().collect();
                self.named.push((entry.sequence, entry.event, fields));
            }
            AuditEvent::RunSignedOff => self.signed_off = Some((entry.sequence, entry.clone())),
            _ => {
                if let Some(currency) = field("currency") {
                    self.currency = Some(currency);
                }
                if let Some(after) = field("after") {
                    self.last_after = Some((entry.sequence, after));
                }
            }
        }
    }

    /// The run that it is the stream of.
    pub(in crate::audit) fn run(&self) -> Option<&str> {
        self.stream.starts_with("recon/").then_some(&*self.stream)
    }

    /// The case that it is the stream of.
    pub(in crate::audit) fn case(&self) -> Option<&str> {
        self.stream.strip_prefix("case/")
    }

    /// The last comparison.
    pub(in crate::audit) fn compared(&self) -> Option<&Fields> {
        let mut named = self.named.iter().rev();
        let found = named.find(|(_, event, _)| *event == AuditEvent::Compared);
        found.map(|(_, _, fields)| fields)
    }
}
