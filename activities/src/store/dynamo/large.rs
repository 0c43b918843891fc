//! Texts that may be larger than an item can be: 400 KB. A text beyond a limit of our own is cut
//! into parts that are items of their own, named by what they hold; they are written before the
//! item that names them.

use sha2::{Digest, Sha256};

use super::DynamoStore;
use super::item::Item;
use super::keys::Key;
use crate::store::StoreError;

/// Most bytes of a text within its item, and of one part.
const PART_BYTES: usize = 250_000;

impl DynamoStore {
    /// Puts a text into an item, or its parts beside it.
    pub(super) async fn set_large(
        &self,
        item: &mut Item,
        name: &str,
        text: String,
    ) -> Result<(), StoreError> {
        if text.len() <= PART_BYTES {
            item.set(name, text);
            return Ok(());
        }
        let sha256 = hex::encode(Sha256::digest(&text));
        let mut parts = 0u32;
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (part, after) = rest.split_at(boundary(rest));
            let part = Item::default().with("text", part);
            let key = part_key(&sha256, parts);
            self.put_first(&key, &part).await?;
            parts += 1;
            rest = after;
        }
        item.set(&format!("{name}_sha256"), sha256);
        item.set_number(&format!("{name}_parts"), parts);
        Ok(())
    }

    /// Reads a text that [`DynamoStore::set_large`] wrote.
    pub(super) async fn large(&self, item: &Item, name: &str) -> Result<String, StoreError> {
        if let Some(text) = item.maybe(name)? {
            return Ok(text);
        }
        let sha256 = item.text(&format!("{name}_sha256"))?;
        let parts: u32 = item.number(&format!("{name}_parts"))?;
        let keys = (0..parts).map(|part| part_key(&sha256, part));
        let found = self.get_all(keys).await?;
        let texts = found.values().map(|part| part.text("text"));
        let text = texts.collect::<Result<String, _>>()?;
        match hex::encode(Sha256::digest(&text)) == sha256 {
            true => Ok(text),
            false => Err(StoreError::corrupt(
                format_args!("attribute {name}"),
                "parts of it are missing",
            )),
        }
    }
}

pub(super) fn part_key(sha256: &str, part: u32) -> Key {
    Key::new(format!("part#{sha256}#{part:0>6}"), "part")
}

/// Where to cut: not within a character.
fn boundary(text: &str) -> usize {
    let mut at = PART_BYTES.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
