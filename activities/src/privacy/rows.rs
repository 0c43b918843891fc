//! A person in the rows of the store.

use std::sync::{Arc, Mutex, PoisonError};

use domain::alert::{AlertBody, AlertContent, DiscrepancyFacts};
use domain::audit::{Commitment, erased_text};
use domain::record::{Record, ShortText};
use regex::bytes::Regex;

use super::erase::{Doing, Erased};
use super::person::Sought;
use crate::store::sealing::{Personal, turn_discrepancy, turn_record, turn_reject};
use crate::store::{PersonalRow, PersonalRows, Store, StoreError};
use crate::vault::{Vault, VaultError, is_erased};

/// What finds a person in rows, and erases it.
#[derive(Clone)]
pub(super) struct Rows {
    pub(super) sought: Sought,
    pub(super) search: Option<Regex>,
    pub(super) vault: Vault,
}

/// Goes over all rows of a source; how many the person is in.
pub(super) async fn pass(
    store: &Store,
    source: &str,
    rows: Rows,
    doing: Doing,
) -> Result<Erased, StoreError> {
    let counts = Arc::new(Mutex::new(Erased::default()));
    for kind in PersonalRows::ALL {
        let mut after = Some(String::new());
        while let Some(from) = after {
            let (rows, counts) = (rows.clone(), Arc::clone(&counts));
            let change = move |row: PersonalRow<'_>| {
                let is_in = rows.erase(row)?;
                let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                let count = match kind {
                    PersonalRows::Discrepancies => &mut counts.discrepancies,
                    PersonalRows::Rejects => &mut counts.rejects,
                    PersonalRows::Alerts => &mut counts.alerts,
                };
                *count += u64::from(is_in);
                Ok(is_in && doing == Doing::Erase)
            };
            let source = Some(source.to_owned());
            let passed = store
                .change_personal(kind, source, from, Box::new(change))
                .await?;
            after = passed.next;
        }
    }
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(counts.clone())
}

/// Learns the names and lines of a client's records from those on record.
pub(super) async fn learn(
    store: &Store,
    source: &str,
    vault: &Vault,
    sought: &mut Sought,
) -> Result<(), StoreError> {
    let learnt = Arc::new(Mutex::new(sought.clone()));
    let mut after = Some(String::new());
    while let Some(from) = after {
        let (vault, learnt) = (vault.clone(), Arc::clone(&learnt));
        let change = move |row: PersonalRow<'_>| {
            if let PersonalRow::Discrepancy(discrepancy) = row {
                let mut open = discrepancy.clone();
                turn_discrepancy(&mut open, &mut |kept, _| {
                    vault.open_text(kept).map(std::borrow::Cow::into_owned)
                })?;
                let mut learnt = learnt.lock().unwrap_or_else(PoisonError::into_inner);
                let records = open.partner.iter().chain(&open.ledger).chain(&open.related);
                records.for_each(|record| learnt.learn(record));
            }
            Ok(false)
        };
        let source = Some(source.to_owned());
        let passed = store
            .change_personal(PersonalRows::Discrepancies, source, from, Box::new(change))
            .await?;
        after = passed.next;
    }
    *sought = learnt
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Ok(())
}

/// The texts of an alert that may name somebody.
fn texts_of(content: &mut AlertContent) -> Vec<&mut String> {
    let mut texts: Vec<&mut String> = content.occasion.iter_mut().collect();
    if let AlertBody::Discrepancy(facts) = &mut content.body {
        let DiscrepancyFacts {
            partner,
            ledger,
            reason,
            nearest,
            ..
        } = &mut **facts;
        let sides = partner.iter_mut().chain(ledger);
        texts.extend(sides.filter_map(|side| side.counterparty.as_mut()));
        texts.push(reason);
        texts.extend(nearest);
    }
    texts
}

impl Rows {
    /// Erases the person from a row; whether it was in it.
    fn erase(&self, row: PersonalRow<'_>) -> Result<bool, VaultError> {
        let mut is_in = false;
        let by_vault = |text: &str| self.vault.erase_text(text);
        let mut turn = |kept: &str, _: Personal| self.turned(kept, false, &mut is_in, &by_vault);
        match row {
            PersonalRow::Discrepancy(discrepancy) => {
                // The audit trail commits to its texts: what stands for them has to be the same.
                let commitment = Commitment::of(self.vault.commitment_key(), &discrepancy.id);
                let committed = |text: &str| Ok(erased_text(&commitment.to(text)));
                turn_discrepancy(discrepancy, &mut |kept, _| {
                    self.turned(kept, false, &mut is_in, &committed)
                })?;
                let nearest = discrepancy.nearest.iter_mut().map(|near| &mut near.record);
                let records = discrepancy
                    .partner
                    .iter_mut()
                    .chain(&mut discrepancy.ledger);
                for record in records.chain(&mut discrepancy.related).chain(nearest) {
                    self.erase_own(record, &mut is_in, &committed)?;
                }
            }
            PersonalRow::Reject(reject) => turn_reject(reject, &mut turn)?,
            PersonalRow::Alert(content) => {
                for text in texts_of(content) {
                    *text = turn(text, Personal::Always)?;
                }
            }
        }
        Ok(is_in)
    }

    /// Everything personal of a record of the client.
    fn erase_own(
        &self,
        record: &mut Record,
        is_in: &mut bool,
        erased: &dyn Fn(&str) -> Result<String, VaultError>,
    ) -> Result<(), VaultError> {
        let client = record
            .client
            .as_deref()
            .map(|kept| self.vault.open_text(kept));
        let client = client.transpose()?.map(ShortText::from);
        let mut open = record.clone();
        open.client = client;
        if !self.sought.owns(&open) {
            return Ok(());
        }
        turn_record(record, &mut |kept, personal| {
            let is_own = personal == Personal::Always;
            self.turned(kept, is_own, is_in, erased)
        })
    }

    /// A text as it is kept from now on: erased when it is the person's own, or has the person in it.
    fn turned(
        &self,
        kept: &str,
        is_own: bool,
        is_in: &mut bool,
        erased: &dyn Fn(&str) -> Result<String, VaultError>,
    ) -> Result<String, VaultError> {
        let text = self.vault.open_text(kept)?;
        let has_it = |search: &Regex| search.is_match(text.as_bytes());
        let is_theirs = is_own || self.search.as_ref().is_some_and(has_it);
        if !is_theirs || text.is_empty() || is_erased(&text) {
            return Ok(kept.to_owned());
        }
        *is_in = true;
        erased(&text)
    }
}
