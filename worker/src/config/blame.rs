//! Finds the part of a TOML file that an error of serde is about, however it lost track of it.
//!
//! Tagged enums are buffered by serde, which forgets positions. The culprit is found from outside
//! instead: it is the value without which the error goes away. Files are small, reading one takes
//! microseconds.

use serde::de::DeserializeOwned;
use toml::de::Error;

use super::tree::{Place, Tree};

/// The key that chooses a variant in the file (`kind = "csv"`).
const TAG: &str = "kind";

/// Reads the tree.
pub(crate) fn attempt<T: DeserializeOwned>(tree: &Tree<'_>) -> Result<T, Error> {
    T::deserialize(tree.deserializer())
}

/// The deepest value without which `error` does not happen; the root when there is none.
pub(crate) fn culprit<T: DeserializeOwned>(tree: &Tree<'_>, error: &Error) -> Place {
    let mut place = Place::root();
    while let Some(child) = guilty_child::<T>(tree, error, &place) {
        place = child;
    }
    place
}

/// The table that lacks `field`, which `error` is about.
pub(crate) fn table_without<T: DeserializeOwned>(
    tree: &Tree<'_>,
    error: &Error,
    field: &str,
) -> Place {
    let named = tree
        .tables(&Place::root())
        .into_iter()
        .find(|table| tree.span(table) == error.span())
        .unwrap_or_default();
    let lacks = |table: &Place| {
        let completed = attempt::<T>(&tree.with_key(table, field));
        completed.map_or_else(
            |other| !same(&other, error) && quoted_after(&other, "unknown field ") != Some(field),
            |_| true,
        )
    };
    tree.tables(&named).into_iter().find(lacks).unwrap_or(named)
}

/// The `name` in an error of serde that begins `<start>`name``.
pub(crate) fn quoted_after<'e>(error: &'e Error, start: &str) -> Option<&'e str> {
    error
        .message()
        .strip_prefix(start)?
        .strip_prefix('`')?
        .split('`')
        .next()
}

fn guilty_child<T: DeserializeOwned>(
    tree: &Tree<'_>,
    error: &Error,
    place: &Place,
) -> Option<Place> {
    // A required key that is left out is itself missed. That may be the culprit, but where a tag
    // chooses the variant, leaving out the tag looks the same.
    let mut missed: Vec<Place> = Vec::new();
    for child in tree.children(place) {
        match attempt::<T>(&tree.without(&child)) {
            Err(other) if same(&other, error) => {}
            Err(other) if quoted_after(&other, "missing field ") == child.last_key() => {
                missed.push(child);
            }
            _ => return Some(child),
        }
    }
    let variant = quoted_after(error, "unknown variant ");
    let is_tag = |child: &&Place| child.last_key() == Some(TAG);
    let says_variant = |child: &&Place| {
        let value = tree.get(child).and_then(|node| node.get_ref().as_str());
        variant.is_some() && value == variant
    };
    missed
        .iter()
        .find(says_variant)
        .or_else(|| missed.iter().find(|child| !is_tag(child)))
        .or_else(|| missed.first())
        .cloned()
}

fn same(left: &Error, right: &Error) -> bool {
    left.message() == right.message() && left.span() == right.span()
}
