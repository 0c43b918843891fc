//! `trueup generate`: made-up data for both sides, and the truth about it.
//!
//! Writes a configuration folder that `trueup compare` and a run work from at once. The same
//! arguments give the same bytes. Amounts are integers of minor units throughout. Refuses to write
//! into a folder that holds files of its own, so that nobody's data is replaced.

mod configuration;
mod currencies;
mod random;
mod scenario;
mod settlement_csv;
mod statement;
mod tables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use domain::discrepancy::Kind;
use domain::severity::Severity;
use jiff::civil::Date;

use crate::exit::Exit;
use crate::output::say;
use currencies::{CurrencyFacts, EUR, JPY, KWD, USD};
use scenario::{Plan, Scenario, Truth};
use settlement_csv::Balance;

/// Most payments of one source; what is generated is held in memory.
pub const ROWS_MAX: usize = 5_000_000;

/// Kinds that a settlement report with fees can show.
const KINDS_OF_SETTLEMENT: [Kind; 11] = [
    Kind::DuplicateAtPartner,
    Kind::DuplicateInLedger,
    Kind::Ambiguous,
    Kind::MissingInLedger,
    Kind::MissingAtPartner,
    Kind::CurrencyMismatch,
    Kind::AmountMismatch,
    Kind::StatusMismatch,
    Kind::FeeMismatch,
    Kind::Rounding,
    Kind::DateMismatch,
];
/// Statements state no fees of single payments.
const KINDS_OF_STATEMENT: [Kind; 10] = [
    Kind::DuplicateAtPartner,
    Kind::DuplicateInLedger,
    Kind::Ambiguous,
    Kind::MissingInLedger,
    Kind::MissingAtPartner,
    Kind::CurrencyMismatch,
    Kind::AmountMismatch,
    Kind::StatusMismatch,
    Kind::Rounding,
    Kind::DateMismatch,
];

/// Makes up labelled data: both sides of a source, the truth, and a configuration that reads them
#[derive(clap::Args, Clone, Debug)]
pub struct GenerateArguments {
    /// New or empty folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which sources: a processor's settlement CSV, bank statements, or both
    #[arg(long, value_enum, default_value_t = SourceKind::Both)]
    pub source_kind: SourceKind,
    /// Payments per source
    #[arg(long, default_value_t = 1000)]
    pub rows: usize,
    /// Discrepancies of each kind per source
    #[arg(long, default_value_t = 3)]
    pub per_kind: usize,
    /// The day that the reports are for
    #[arg(long, value_name = "DATE", default_value = "2026-11-20")]
    pub business_date: Date,
    /// Another seed, other data
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Breaks the reports' own arithmetic: then nothing else can be found
    #[arg(long)]
    pub out_of_balance: bool,
}

/// Which sources are made up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum SourceKind {
    /// `acme-pay`, a settlement report
    Csv,
    /// `acme-bank`, statements in camt.053
    Camt053,
    /// Both
    Both,
}

/// Writes the folder and says how to go on.
///
/// # Errors
/// A folder with something in it, too few rows for the discrepancies, or a disk that refuses.
pub fn run(arguments: GenerateArguments) -> anyhow::Result<Exit> {
    let files = files(&arguments)?;
    let out = &arguments.out;
    let is_used = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    ensure!(
        !is_used,
        "{} is not empty: name a new folder with --out",
        out.display()
    );
    for (name, bytes) in &files {
        write(&out.join(name), bytes)?;
    }
    say!(
        "wrote {} files to {}; compare them with",
        files.len(),
        out.display()
    );
    for source in sources(arguments.source_kind) {
        say!("  {}", source.compare_command(&arguments));
    }
    Ok(Exit::Clean)
}

/// Every file of the folder, by its path in it.
pub(crate) fn files(arguments: &GenerateArguments) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    files.insert("trueup.toml".to_owned(), configuration::SETTINGS.into());
    for source in sources(arguments.source_kind) {
        files.extend(source.files(arguments)?);
    }
    Ok(files)
}

/// One source that can be made up.
#[derive(Clone, Copy)]
enum GeneratedSource {
    AcmePay,
    AcmeBank,
}

fn sources(kind: SourceKind) -> Vec<GeneratedSource> {
    match kind {
        SourceKind::Csv => vec![GeneratedSource::AcmePay],
        SourceKind::Camt053 => vec![GeneratedSource::AcmeBank],
        SourceKind::Both => vec![GeneratedSource::AcmePay, GeneratedSource::AcmeBank],
    }
}

impl GeneratedSource {
    fn name(self) -> &'static str {
        match self {
            GeneratedSource::AcmePay => "acme-pay",
            GeneratedSource::AcmeBank => "acme-bank",
        }
    }

    fn currencies(self) -> &'static [&'static CurrencyFacts] {
        match self {
            GeneratedSource::AcmePay => &[&EUR, &USD, &JPY, &KWD],
            GeneratedSource::AcmeBank => &[&EUR, &USD, &JPY],
        }
    }

    fn kinds(self) -> &'static [Kind] {
        match self {
            GeneratedSource::AcmePay => &KINDS_OF_SETTLEMENT,
            GeneratedSource::AcmeBank => &KINDS_OF_STATEMENT,
        }
    }

    fn partner_file(self, arguments: &GenerateArguments) -> String {
        let extension = match self {
            GeneratedSource::AcmePay => "csv",
            GeneratedSource::AcmeBank => "xml",
        };
        format!(
            "partner/{}-{}.{extension}",
            self.name(),
            arguments.business_date
        )
    }

    fn ledger_file(self, arguments: &GenerateArguments) -> String {
        format!("ledger/{}-{}.csv", self.name(), arguments.business_date)
    }

    fn compare_command(self, arguments: &GenerateArguments) -> String {
        let (name, out) = (self.name(), arguments.out.display());
        format!(
            "trueup --config {out} compare {name} --partner {out}/{} --ledger {out}/{} --out \
             {out}/found/{name}",
            self.partner_file(arguments),
            self.ledger_file(arguments),
        )
    }

    fn files(self, arguments: &GenerateArguments) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let scenario = self.scenario(arguments)?;
        let balance = match arguments.out_of_balance {
            true => Balance::Broken,
            false => Balance::Holds,
        };
        let (currencies, date) = (self.currencies(), arguments.business_date);
        let (partner, subject, configuration) = match self {
            GeneratedSource::AcmePay => {
                let report = settlement_csv::report(&scenario.partner, currencies, date, balance);
                (
                    report.bytes,
                    report.first_total,
                    configuration::acme_pay(currencies),
                )
            }
            GeneratedSource::AcmeBank => {
                let partner = &scenario.partner;
                let file = statement::file(partner, currencies, date, balance, arguments.seed);
                let subject = statement::subject(currencies[0], date);
                (
                    file.into_bytes(),
                    subject,
                    configuration::acme_bank(currencies),
                )
            }
        };
        let truth = match balance {
            Balance::Holds => scenario.truth,
            // The report is not matched: there is nothing else to find.
            Balance::Broken => vec![Truth {
                reference: subject,
                kind: Kind::StatementOutOfBalance,
                severity: Severity::Critical,
            }],
        };
        let name = self.name();
        Ok(vec![
            (self.partner_file(arguments), partner),
            (
                self.ledger_file(arguments),
                tables::ledger(&scenario.ledger)?,
            ),
            (format!("truth/{name}.csv"), tables::truth(&truth)?),
            (format!("sources/{name}.toml"), configuration.into_bytes()),
        ])
    }

    fn scenario(self, arguments: &GenerateArguments) -> anyhow::Result<Scenario> {
        let GenerateArguments {
            rows,
            per_kind,
            business_date,
            seed,
            ..
        } = *arguments;
        // The sources of one seed are no copies of each other.
        let (prefix, seed) = match self {
            GeneratedSource::AcmePay => ("PAY", seed),
            GeneratedSource::AcmeBank => ("E2E", !seed),
        };
        // One more for the ledger records in transit.
        let needed = (self.kinds().len() + 1).saturating_mul(per_kind);
        ensure!(
            needed <= rows,
            "{rows} rows are too few for {per_kind} discrepancies of each kind: --rows {needed} \
             or more"
        );
        ensure!(
            rows <= ROWS_MAX,
            "--rows {rows} is too many: {ROWS_MAX} at most"
        );
        Ok(scenario::build(&Plan {
            prefix,
            seed,
            business_date,
            payments: rows,
            per_kind,
            kinds: self.kinds(),
            currencies: self.currencies(),
        }))
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("every file is in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .with_context(|| format!("can't write {}", path.display()))
}
