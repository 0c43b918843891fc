//! A checkpoint as a message: numbers to be kept and compared, not acted on.

use domain::audit::SignedCheckpoint;

use super::{AlertText, Block, Line, text};

/// The words for this checkpoint.
pub(crate) fn of_checkpoint(signed: &SignedCheckpoint) -> AlertText {
    let checkpoint = &signed.checkpoint;
    let fact = |label, value: String| Line::Fact { label, value };
    let facts = vec![
        fact("number", checkpoint.number.to_string()),
        fact("at", checkpoint.at.to_string()),
        fact("previous", checkpoint.previous.to_string()),
        fact("root", checkpoint.root.to_string()),
        fact("streams", checkpoint.count.to_string()),
        fact("hash", checkpoint.hash().to_string()),
        fact("key", checkpoint.key_id.clone()),
        fact("signature", hex::encode(&signed.signature)),
    ];
    let why = "Nothing is to be done. Keep this message: who changes the audit trail later can't \
               change what it says.";
    AlertText {
        title: format!("Checkpoint {} of the audit trail", checkpoint.number),
        blocks: vec![
            Block {
                heading: None,
                lines: vec![text(why)],
            },
            Block {
                heading: None,
                lines: facts,
            },
        ],
        footer: "Compare it with `trueup audit verify --json`.".to_owned(),
    }
}
