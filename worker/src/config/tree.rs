//! Places in a TOML tree: finding them, leaving them out, putting something in.

use serde_spanned::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// The way from the root of a TOML file to one of its values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place(Vec<Step>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    /// The file itself.
    pub(crate) fn root() -> Place {
        Place::default()
    }

    /// The value of `key` in the table here.
    #[must_use]
    pub(crate) fn key(&self, key: impl Into<String>) -> Place {
        self.step(Step::Key(key.into()))
    }

    /// The element `index` of the array here.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Place {
        self.step(Step::Index(index))
    }

    /// Whether this is the file itself.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The table or array that this is in; the root for the root.
    pub(crate) fn parent(&self) -> Place {
        let steps = self.0.split_last().map_or(&[][..], |(_, steps)| steps);
        Place(steps.to_vec())
    }

    /// The key that this is the value of; `None` for the root and elements of arrays.
    pub(crate) fn last_key(&self) -> Option<&str> {
        match self.0.last() {
            Some(Step::Key(key)) => Some(key),
            Some(Step::Index(_)) | None => None,
        }
    }

    fn step(&self, step: Step) -> Place {
        let mut steps = self.0.clone();
        steps.push(step);
        Place(steps)
    }
}

/// A parsed file. Cheap to clone: configuration files are small.
#[derive(Clone)]
pub(crate) struct Tree<'i>(Spanned<DeValue<'i>>);

impl<'i> Tree<'i> {
    pub(crate) fn new(root: Spanned<DeTable<'i>>) -> Self {
        let span = root.span();
        Tree(Spanned::new(span, DeValue::Table(root.into_inner())))
    }

    /// As serde's input.
    pub(crate) fn deserializer(&self) -> toml::de::ValueDeserializer<'i> {
        toml::de::ValueDeserializer::from(self.0.clone())
    }

    /// The value at `place`.
    pub(crate) fn get(&self, place: &Place) -> Option<&Spanned<DeValue<'i>>> {
        place.0.iter().try_fold(&self.0, |node, step| match step {
            Step::Key(key) => node.get_ref().get(key.as_str()),
            Step::Index(index) => node.get_ref().get(*index),
        })
    }

    /// The bytes of the value at `place`; of its header, for a table.
    pub(crate) fn span(&self, place: &Place) -> Option<std::ops::Range<usize>> {
        self.get(place).map(Spanned::span)
    }

    /// The bytes of the key at `place`.
    pub(crate) fn key_span(&self, place: &Place) -> Option<std::ops::Range<usize>> {
        let key = place.last_key()?;
        let DeValue::Table(table) = self.get(&place.parent())?.get_ref() else {
            return None;
        };
        table.get_key_value(key).map(|(key, _)| key.span())
    }

    /// The values right below `place`, in the order in which serde sees them.
    pub(crate) fn children(&self, place: &Place) -> Vec<Place> {
        match self.get(place).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => {
                table.keys().map(|k| place.key(&**k.get_ref())).collect()
            }
            Some(DeValue::Array(array)) => (0..array.len()).map(|i| place.index(i)).collect(),
            _ => Vec::new(),
        }
    }

    /// `place` and all tables below it, outer ones first.
    pub(crate) fn tables(&self, place: &Place) -> Vec<Place> {
        let mut found = Vec::new();
        let mut waiting = vec![place.clone()];
        while let Some(place) = waiting.pop() {
            waiting.extend(self.children(&place).into_iter().rev());
            if self
                .get(&place)
                .is_some_and(|node| node.get_ref().is_table())
            {
                found.push(place);
            }
        }
        found
    }

    /// A copy without the value at `place`.
    pub(crate) fn without(&self, place: &Place) -> Tree<'i> {
        let mut copy = self.clone();
        match (copy.get_mut(&place.parent()), place.0.last()) {
            (Some(DeValue::Table(table)), Some(Step::Key(key))) => {
                table.remove(key.as_str());
            }
            (Some(DeValue::Array(array)), Some(Step::Index(index))) => {
                let mut rest = DeArray::new();
                let kept = array.iter().enumerate().filter(|(i, _)| i != index);
                kept.for_each(|(_, value)| rest.push(value.clone()));
                *array = rest;
            }
            _ => {}
        }
        copy
    }

    /// A copy where the table at `place` has `key` with an empty text.
    pub(crate) fn with_key(&self, place: &Place, key: &str) -> Tree<'i> {
        let mut copy = self.clone();
        if let Some(DeValue::Table(table)) = copy.get_mut(place) {
            let empty = DeValue::String(String::new().into());
            table.insert(
                Spanned::new(0..0, key.to_owned().into()),
                Spanned::new(0..0, empty),
            );
        }
        copy
    }

    fn get_mut(&mut self, place: &Place) -> Option<&mut DeValue<'i>> {
        let mut node = self.0.get_mut();
        for step in &place.0 {
            node = match (step, node) {
                (Step::Key(key), DeValue::Table(table)) => table.get_mut(key.as_str())?.get_mut(),
                (Step::Index(index), DeValue::Array(array)) => array.get_mut(*index)?.get_mut(),
                _ => return None,
            };
        }
        Some(node)
    }
}
