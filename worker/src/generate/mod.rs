//! `trueup generate`: made-up data for both sides, and the truth about it.
//!
//! Payments that agree, plain discrepancies (`differences`), and trouble as real partners cause it
//! (`trouble`), each told as a story that writes down its own truth (`told`).
//!
//! Writes a configuration folder that `trueup compare` and a run work from at once. The same
//! arguments give the same bytes. Amounts are integers of minor units throughout. Refuses to write
//! into a folder that holds files of its own, so that nobody's data is replaced.

mod configuration;
mod currencies;
mod differences;
mod partner_report;
mod random;
mod rows;
mod scenario;
mod settlement_csv;
mod statement;
mod tables;
mod told;
mod trouble;

#[cfg(test)]
mod testing;
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
use partner_report::{Balance, Layout};
use scenario::Plan;
use tables::Lines;
use told::{Rows, Scenario, Truth};
pub(crate) use trouble::PLAIN;
pub use trouble::{Mix, Trouble};

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
    /// Realistic trouble, labelled: `none`, `default`, or shares of the payments for each kind, as
    /// `typo=0.5%,split=2‰`; docs/accuracy.md lists the kinds
    #[arg(long, value_name = "MIX", default_value = "none", value_parser = Mix::parse)]
    pub trouble: Mix,
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
    if arguments.trouble != Mix::none() {
        say!("and score what was found with");
        for source in sources(arguments.source_kind) {
            let (name, out) = (source.name(), out.display());
            say!("  trueup score {out}/truth/{name}.csv {out}/found/{name}");
        }
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
        let matches = match arguments.trouble == Mix::none() {
            true => "",
            false => " --matches",
        };
        format!(
            "trueup --config {out} compare {name} --partner {out}/{} --ledger {out}/{} --out \
             {out}/found/{name}{matches}",
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
        let layout = match arguments.trouble == Mix::none() {
            true => Layout::Plain,
            false => Layout::Labelled,
        };
        let (currencies, date) = (self.currencies(), arguments.business_date);
        let partner = &scenario.partner;
        let (report, configuration) = match self {
            GeneratedSource::AcmePay => (
                settlement_csv::report(partner, currencies, date, balance, layout),
                configuration::acme_pay(currencies, layout),
            ),
            GeneratedSource::AcmeBank => (
                statement::file(partner, currencies, date, balance, arguments.seed),
                configuration::acme_bank(currencies, layout),
            ),
        };
        let (truth, matches) = match balance {
            Balance::Holds => (scenario.truth, scenario.matches),
            // The report is not matched: there is nothing else to find.
            Balance::Broken => (vec![out_of_balance(report.subject)], Vec::new()),
        };
        let (ledger, ledger_lines) = tables::ledger(&scenario.ledger, layout)?;
        let lines = Lines {
            partner: report.lines,
            ledger: ledger_lines,
        };
        let name = self.name();
        let mut files = vec![
            (self.partner_file(arguments), report.bytes),
            (self.ledger_file(arguments), ledger),
            (
                format!("truth/{name}.csv"),
                tables::truth(&truth, &lines, layout)?,
            ),
            (format!("sources/{name}.toml"), configuration.into_bytes()),
        ];
        if layout == Layout::Labelled {
            files.push((
                format!("truth/{name}-matches.csv"),
                tables::matches(&matches, &lines)?,
            ));
        }
        Ok(files)
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
        ensure!(
            rows <= ROWS_MAX,
            "--rows {rows} is too many: {ROWS_MAX} at most"
        );
        let troubles = arguments.trouble.counts(rows);
        let troubled: usize = troubles.iter().map(|(_, count)| count).sum();
        // One more for the ledger records in transit.
        let needed = (self.kinds().len() + 1).saturating_mul(per_kind);
        let needed = needed.saturating_add(troubled);
        let and_trouble = match troubled {
            0 => String::new(),
            count => format!(" and {count} payments with trouble"),
        };
        ensure!(
            needed <= rows,
            "{rows} rows are too few for {per_kind} discrepancies of each kind{and_trouble}: \
             --rows {needed} or more"
        );
        Ok(scenario::build(&Plan {
            prefix,
            seed,
            business_date,
            payments: rows,
            per_kind,
            kinds: self.kinds(),
            currencies: self.currencies(),
            troubles: &troubles,
            states_fees: matches!(self, GeneratedSource::AcmePay),
        }))
    }
}

fn out_of_balance(subject: String) -> Truth {
    Truth {
        reference: subject,
        kind: Kind::StatementOutOfBalance,
        severity: Severity::Critical,
        trouble: None,
        at_stake: None,
        rows: Rows::default(),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("every file is in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, bytes))
        .with_context(|| format!("can't write {}", path.display()))
}
