//! Ids that people shortened.

use super::sqlite::names;
use super::{Store, StoreError};
use futures::FutureExt;

impl Store {
    /// Ids of cases that begin with these hexadecimal digits, in order, at most so many.
    ///
    /// # Errors
    /// The store can't be used.
    pub async fn ids_beginning_with(
        &self,
        digits: &str,
        at_most: usize,
    ) -> Result<Vec<String>, StoreError> {
        let store = match self {
            Store::Sqlite(store) => store,
            Store::Dynamo(store) => return store.ids_beginning_with(digits, at_most).boxed().await,
        };
        let digits = digits.to_owned();
        store
            .read(move |transaction| names::beginning_with(transaction, &digits, at_most))
            .await
    }
}
