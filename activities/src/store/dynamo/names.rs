//! Ids of cases by their first digits.

use super::keys::SHARDS;
use super::table_access::Query;
use super::{DynamoStore, keys};
use crate::store::StoreError;

impl DynamoStore {
    pub(in crate::store) async fn ids_beginning_with(
        &self,
        digits: &str,
        at_most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for partition in partitions(digits) {
            let left = at_most - ids.len();
            let query = Query::of(keys::cases(&partition)).beginning(digits);
            let found = self.query(query.at_most(left)).await?;
            ids.extend(found.into_iter().map(|(key, _)| key.sk).take(left));
            if ids.len() == at_most {
                break;
            }
        }
        Ok(ids)
    }
}

/// Cases are in partitions by their first two digits.
fn partitions(digits: &str) -> Vec<String> {
    match digits.len() {
        0 => {
            let first = SHARDS.into_iter().map(String::from);
            first.flat_map(|first| partitions(&first)).collect()
        }
        1 => SHARDS.map(|second| format!("{digits}{second}")).into(),
        _ => vec![digits.chars().take(2).collect()],
    }
}
