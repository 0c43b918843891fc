//! Runs and discrepancies as people list them: by the index `list`, or by what a run found.
//!
//! The order is by severity, then by id. Each severity of each shard is a part of the whole, and
//! parts are read until there is enough.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::alert::CurrencyTotal;
use domain::case::CaseState;
use domain::discrepancy::{Discrepancy, Kind};
use domain::money::Money;
use domain::severity::Severity;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::item::Item;
use super::keys::{Key, SHARDS};
use super::table_access::{AT_ONCE, Query};
use super::{DynamoStore, cases, keys, runs, told};
use crate::store::case_rules::Totals;
use crate::store::{
    DiscrepancyFilter, DiscrepancyRow, RunFilter, RunRow, StoreError, case_rules, content,
};

/// A discrepancy that may be listed: as a run found it, if one is asked for, and its case.
struct Listed {
    id: String,
    case: Item,
    found: Option<Discrepancy>,
}

/// A part of what is listed.
struct Part {
    queries: Vec<Query>,
    is_listing: bool,
}

impl DynamoStore {
    /// Runs, newest first.
    pub(in crate::store) async fn runs(
        &self,
        filter: &RunFilter,
    ) -> Result<Vec<RunRow>, StoreError> {
        let mut listed = Vec::new();
        for (_, item) in self.query(Query::listed("runs")).await? {
            let run = runs::row(item)?;
            if filter.source.as_ref().is_none_or(|it| *it == run.source)
                && filter
                    .business_date
                    .is_none_or(|it| it == run.business_date)
                && filter.state.is_none_or(|it| it == run.state)
            {
                listed.push(run);
            }
        }
        Ok(filter.page.of(listed))
    }

    pub(in crate::store) async fn discrepancies(
        &self,
        filter: &DiscrepancyFilter,
    ) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let Range { start, end } = filter.page.range();
        let listed = self.listed(filter, end).await?;
        let listed = listed.into_iter().take(end).skip(start).collect();
        self.rows(listed, filter.run_id.as_deref()).await
    }

    /// Ids of what fits, in order, at most so many, whatever its page.
    pub(in crate::store) async fn discrepancy_ids(
        &self,
        filter: &DiscrepancyFilter,
        at_most: u64,
    ) -> Result<Vec<String>, StoreError> {
        let listed = self.listed(filter, usize::MAX).await?;
        let mut ids: Vec<String> = listed.into_iter().map(|listed| listed.id).collect();
        ids.sort();
        ids.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
        Ok(ids)
    }

    /// How many fit, and what is at stake in each currency, whatever the page.
    pub(in crate::store) async fn count_and_sums(
        &self,
        filter: &DiscrepancyFilter,
    ) -> Result<Vec<CurrencyTotal>, StoreError> {
        let mut totals = Totals::default();
        for listed in self.listed(filter, usize::MAX).await? {
            totals.add(listed.facts()?.at_stake);
        }
        Ok(totals.finish())
    }

    /// One discrepancy, as the last run that saw it found it.
    pub(in crate::store) async fn discrepancy(
        &self,
        id: &str,
    ) -> Result<DiscrepancyRow, StoreError> {
        let not_found = || case_rules::no_discrepancy(id);
        let case = self.get(&keys::case(id)).await?;
        let case = case.filter(|case| case.has("kind")).ok_or_else(not_found)?;
        let listed = Listed {
            id: id.to_owned(),
            case,
            found: None,
        };
        let row = self.rows(vec![listed], None).await?.into_iter().next();
        row.ok_or_else(not_found)
    }

    /// What fits, in order; no more parts are read once there are so many.
    async fn listed(
        &self,
        filter: &DiscrepancyFilter,
        enough: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let parts = match &filter.run_id {
            Some(run_id) => self.parts_of_run(run_id, filter).await?,
            None => self.parts_of_sources(filter).await?,
        };
        let each: Vec<_> = parts
            .into_iter()
            .map(|part| self.part(part, filter))
            .collect();
        let mut parts = stream::iter(each).buffered(AT_ONCE);
        let mut listed = Vec::new();
        while listed.len() < enough
            && let Some(part) = parts.try_next().await?
        {
            listed.extend(part);
        }
        Ok(listed)
    }

    async fn parts_of_run(
        &self,
        run_id: &str,
        filter: &DiscrepancyFilter,
    ) -> Result<Vec<Part>, StoreError> {
        let Some(run) = self.get(&keys::run(run_id)).await? else {
            return Ok(Vec::new());
        };
        let run = runs::row(run)?;
        let part = |(prefix, shard)| Part {
            queries: vec![
                Query::of(keys::found(&run.run_id, run.attempt, shard)).beginning(prefix),
            ],
            is_listing: false,
        };
        Ok(in_order(filter).map(part).collect())
    }

    async fn parts_of_sources(&self, filter: &DiscrepancyFilter) -> Result<Vec<Part>, StoreError> {
        let sources = match &filter.source {
            Some(source) => vec![source.clone()],
            None => {
                let known = self.query(Query::of(keys::SOURCES)).await?;
                known.into_iter().map(|(key, _)| key.sk).collect()
            }
        };
        let is_wanted = |is_open: &bool| match filter.state {
            Some(state) => state.is_open() == *is_open,
            None => *is_open || !filter.open,
        };
        let states: Vec<bool> = [true, false].into_iter().filter(is_wanted).collect();
        let part = |(prefix, shard): (String, char)| {
            let mut queries = Vec::new();
            for source in &sources {
                let of = |is_open: &bool| keys::listed_cases(source, *is_open, shard);
                let of_source = states.iter().map(of).map(Query::listed);
                queries.extend(of_source.map(|query| query.beginning(prefix.clone())));
            }
            Part {
                queries,
                is_listing: true,
            }
        };
        Ok(in_order(filter).map(part).collect())
    }

    /// What fits of a part, by id.
    async fn part(
        &self,
        part: Part,
        filter: &DiscrepancyFilter,
    ) -> Result<Vec<Listed>, StoreError> {
        let items = self.query_each(part.queries).await?;
        let mut listed = match part.is_listing {
            true => items.into_iter().map(of_index).collect(),
            false => self.of_run(items).await?,
        };
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        let mut fitting = Vec::new();
        for listed in listed {
            if listed.fits(filter)? {
                fitting.push(listed);
            }
        }
        Ok(fitting)
    }

    async fn of_run(&self, findings: Vec<(Key, Item)>) -> Result<Vec<Listed>, StoreError> {
        let mut found = Vec::new();
        for (_, item) in findings {
            found.push(content::discrepancy(&self.large(&item, "content").await?)?);
        }
        let ids: Vec<String> = found.iter().map(|found| found.id.to_string()).collect();
        let mut cases = self.case_items(&ids).await?;
        let listed = found.into_iter().filter_map(|found| {
            let id = found.id.to_string();
            let case = cases.remove(&id)?;
            Some(Listed {
                id,
                case,
                found: Some(found),
            })
        });
        Ok(listed.collect())
    }

    /// With what the last run that saw each found.
    async fn rows(
        &self,
        listed: Vec<Listed>,
        run_id: Option<&str>,
    ) -> Result<Vec<DiscrepancyRow>, StoreError> {
        let lacking = listed.iter().filter(|listed| listed.found.is_none());
        let lacking = lacking
            .map(|it| (keys::case(&it.id), it.case.clone()))
            .collect();
        let found = self.with_content(lacking).await?.into_iter();
        let mut found: BTreeMap<String, Discrepancy> = found
            .map(|(found, _)| (found.id.to_string(), found))
            .collect();
        let rows = listed.into_iter().filter_map(|listed| {
            let discrepancy = listed.found.or_else(|| found.remove(&listed.id))?;
            Some(row(discrepancy, &listed.case, run_id))
        });
        rows.collect()
    }

    /// What the last run that saw each of these cases found, and the case.
    pub(super) async fn with_content(
        &self,
        cases: Vec<(Key, Item)>,
    ) -> Result<Vec<(Discrepancy, Item)>, StoreError> {
        let mut keyed = Vec::new();
        for (key, case) in cases {
            keyed.push((last_finding(&key.sk, &case)?, case));
        }
        let found = self
            .get_all(keyed.iter().map(|(key, _)| key.clone()))
            .await?;
        let mut read = Vec::new();
        for (key, case) in keyed {
            let missing = || StoreError::corrupt(format_args!("finding {}", key.sk), "missing");
            let item = found.get(&key).ok_or_else(missing)?;
            let text = self.large(item, "content").await?;
            read.push((content::discrepancy(&text)?, case));
        }
        Ok(read)
    }
}

/// Each severity that is asked for, the most severe first, of each shard: what sort keys begin with.
fn in_order(filter: &DiscrepancyFilter) -> impl Iterator<Item = (String, char)> {
    let ranks: Vec<char> = match filter.severity {
        Some(severity) => vec![keys::rank(severity)],
        None => vec!['0', '1', '2'],
    };
    ranks.into_iter().flat_map(|rank| {
        let prefix = format!("{rank}#");
        SHARDS.map(|shard| (prefix.clone(), shard))
    })
}

/// Where the last run that saw a case put what it found.
fn last_finding(id: &str, case: &Item) -> Result<Key, StoreError> {
    let run_id = case.text("last_seen_run")?;
    let severity = case.parse("severity", Severity::parse)?;
    Ok(keys::finding(
        &run_id,
        case.number("last_seen_attempt")?,
        severity,
        id,
    ))
}

fn of_index((key, case): (Key, Item)) -> Listed {
    Listed {
        id: key.sk,
        case,
        found: None,
    }
}

/// What filters go by.
struct Facts {
    kind: Kind,
    severity: Severity,
    reference: String,
    at_stake: Money,
}

impl Listed {
    fn facts(&self) -> Result<Facts, StoreError> {
        if let Some(found) = &self.found {
            return Ok(Facts {
                kind: found.kind,
                severity: found.severity,
                reference: found.reference.to_string(),
                at_stake: Money {
                    amount: found.at_stake,
                    currency: found.currency,
                },
            });
        }
        Ok(Facts {
            kind: self.case.parse("kind", Kind::parse)?,
            severity: self.case.parse("severity", Severity::parse)?,
            reference: self.case.text("reference")?,
            at_stake: cases::at_stake(&self.case)?,
        })
    }

    fn fits(&self, filter: &DiscrepancyFilter) -> Result<bool, StoreError> {
        let (facts, case) = (self.facts()?, cases::case(&self.case)?);
        let Money { amount, currency } = facts.at_stake;
        let amount = amount.abs();
        let (source, cause) = (self.case.text("source")?, self.case.maybe("cause")?);
        let is_open = |state: CaseState| state.is_open();
        Ok(filter.source.as_ref().is_none_or(|it| *it == source)
            && filter.kind.is_none_or(|it| it == facts.kind)
            && filter.severity.is_none_or(|it| it == facts.severity)
            && filter
                .cause
                .as_ref()
                .is_none_or(|it| Some(it) == cause.as_ref())
            && filter
                .reference
                .as_ref()
                .is_none_or(|it| *it == facts.reference)
            && filter.state.is_none_or(|it| it == case.state)
            && (!filter.open || is_open(case.state))
            && (filter.assigned_to.is_none() || filter.assigned_to == case.assigned_to)
            && filter.currency.is_none_or(|it| it == currency)
            && filter.amount_from.is_none_or(|it| amount >= it.abs())
            && filter.amount_to.is_none_or(|it| amount <= it.abs()))
    }
}

fn row(
    discrepancy: Discrepancy,
    case: &Item,
    run_id: Option<&str>,
) -> Result<DiscrepancyRow, StoreError> {
    let last_seen_run = case.text("last_seen_run")?;
    Ok(DiscrepancyRow {
        run_id: run_id.map_or_else(|| last_seen_run.clone(), str::to_owned),
        source: case.text("source")?,
        discrepancy,
        case: cases::case(case)?,
        first_seen_run: case.text("first_seen_run")?,
        last_seen_run,
        alert_ids: told::alert_ids(case)?,
        cause: case.maybe("cause")?,
    })
}
