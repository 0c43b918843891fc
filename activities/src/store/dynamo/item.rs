//! Items and their attributes, written and read by name. What can't be read back is an error that
//! names the attribute; nothing gets a default.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::keys::Key;
use crate::store::StoreError;
use crate::store::text::time_text;

/// Counts the writes of an item: what every conditional write of one is about.
pub(super) const REVISION: &str = "revision";

/// One item: its attributes, the key left out.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Item(HashMap<String, AttributeValue>);

impl Item {
    /// As it came from the table.
    pub(super) fn from_table(mut attributes: HashMap<String, AttributeValue>) -> Self {
        attributes.remove("pk");
        attributes.remove("sk");
        Item(attributes)
    }

    /// As it goes to the table, under this key and revision.
    pub(super) fn into_table(self, key: &Key, revision: u64) -> HashMap<String, AttributeValue> {
        let mut attributes = self.0;
        attributes.insert(REVISION.to_owned(), AttributeValue::N(revision.to_string()));
        attributes.extend(key.to_table());
        attributes
    }

    /// How often it was written; 0 before the first time.
    pub(super) fn revision(&self) -> Result<u64, StoreError> {
        match self.0.contains_key(REVISION) {
            true => self.number(REVISION),
            false => Ok(0),
        }
    }

    /// Sets a text.
    pub(super) fn set(&mut self, name: &str, text: impl Into<String>) {
        self.0
            .insert(name.to_owned(), AttributeValue::S(text.into()));
    }

    /// Sets a number.
    pub(super) fn set_number(&mut self, name: &str, number: impl Into<u64>) {
        let number = number.into().to_string();
        self.0.insert(name.to_owned(), AttributeValue::N(number));
    }

    /// Removes an attribute.
    pub(super) fn unset(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Sets a text, or removes it.
    pub(super) fn set_maybe(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.set(name, text),
            None => self.unset(name),
        }
    }

    /// With a text.
    pub(super) fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.set(name, text);
        self
    }

    /// With a text, if there is one.
    pub(super) fn with_maybe(mut self, name: &str, text: Option<&str>) -> Self {
        self.set_maybe(name, text);
        self
    }

    /// With a number.
    pub(super) fn with_number(mut self, name: &str, number: impl Into<u64>) -> Self {
        self.set_number(name, number);
        self
    }

    /// With a time.
    pub(super) fn with_time(self, name: &str, at: Timestamp) -> Self {
        self.with(name, time_text(at))
    }

    /// With its place in the index `list`.
    pub(super) fn listed(self, partition: impl Into<String>, sort: impl Into<String>) -> Self {
        self.with("list_pk", partition).with("list_sk", sort)
    }

    /// A text, or none.
    pub(super) fn maybe(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text.clone())),
            Some(_) => Err(unreadable(name, "it is no text")),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<String, StoreError> {
        self.maybe(name)?
            .ok_or_else(|| unreadable(name, "it is missing"))
    }

    /// A text that says something.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        let text = self.text(name)?;
        parse(&text).ok_or_else(|| unreadable(name, format_args!("{text:?}")))
    }

    /// A number without sign.
    pub(super) fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, StoreError> {
        let text = match self.0.get(name) {
            Some(AttributeValue::N(text)) => text,
            _ => return Err(unreadable(name, "it is no number")),
        };
        let number = text.parse::<u64>().ok().and_then(|it| T::try_from(it).ok());
        number.ok_or_else(|| unreadable(name, text))
    }

    /// A time, or none.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let text = self.maybe(name)?;
        text.map(|text| text.parse().map_err(|_| unreadable(name, &text)))
            .transpose()
    }

    /// A time.
    pub(super) fn at(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.time(name)?
            .ok_or_else(|| unreadable(name, "it is missing"))
    }

    /// Whether it has this attribute.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

fn unreadable(name: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::corrupt(format_args!("attribute {name}"), why)
}
