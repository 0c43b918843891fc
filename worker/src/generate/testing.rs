//! A folder with generated data, read and compared as the program does it.

use domain::policy::{RunContext, Scope, SourcePolicy};
use domain::record::Side;
use jiff::civil::Date;

use super::{GenerateArguments, run};
use crate::offline::{Matches, SideInput, SideRead, compare, read_sides};

/// A folder with generated data.
pub(super) struct Generated {
    folder: tempfile::TempDir,
    business_date: Date,
}

/// What a comparison found.
pub(super) struct Found {
    /// As the truth is written, in its order.
    pub(super) rows: Vec<String>,
    pub(super) in_transit: u64,
    pub(super) matched: u64,
}

impl Generated {
    pub(super) fn write(arguments: GenerateArguments) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let business_date = arguments.business_date;
        run(GenerateArguments {
            out: folder.path().to_owned(),
            ..arguments
        })
        .unwrap();
        Generated {
            folder,
            business_date,
        }
    }

    /// Reads both files by the configuration in the folder, which warns of nothing but that made-up
    /// data wakes nobody.
    pub(super) fn read(&self, source: &str) -> (SourcePolicy, [SideRead; 2]) {
        let (configuration, warnings) = crate::config::load(self.folder.path()).unwrap();
        for warning in warnings {
            let text = format!("{warning:?}");
            assert!(text.contains("nobody is told"), "{text}");
        }
        let source = &configuration.sources[source];
        let name = &source.policy.source;
        let extension = if name == "acme-bank" { "xml" } else { "csv" };
        let path = |side, extension| {
            let file = format!("{side}/{name}-{}.{extension}", self.business_date);
            self.folder.path().join(file)
        };
        let paths = [path(Side::Partner, extension), path(Side::Ledger, "csv")];
        let input = |side, path| SideInput {
            side,
            path,
            format: &source.side(side).format,
        };
        let inputs = [
            input(Side::Partner, &paths[0]),
            input(Side::Ledger, &paths[1]),
        ];
        let sides = read_sides(inputs, &source.policy, &configuration.limits).unwrap();
        for side in &sides {
            assert_eq!(side.rejects, [], "{}", side.file);
        }
        (source.policy.clone(), sides)
    }

    pub(super) fn compare(&self, source: &str) -> Found {
        let (policy, sides) = self.read(source);
        let context = RunContext {
            business_date: self.business_date,
            scope: Scope::Whole,
        };
        let outcome = compare(&policy, &context, sides, Matches::Listed).unwrap();
        assert_eq!(outcome.matches.len() as u64, outcome.matched);
        let rows = outcome.in_order().into_iter();
        Found {
            rows: rows
                .map(|d| format!("{},{},{}", d.reference, d.kind, d.severity))
                .collect(),
            in_transit: outcome.in_transit.len() as u64,
            matched: outcome.matched,
        }
    }

    /// The rows of `truth/<name>.csv`, without its header.
    pub(super) fn truth(&self, name: &str) -> Vec<String> {
        let joined = |row: csv::StringRecord| row.iter().collect::<Vec<_>>().join(",");
        self.rows_of_truth(name).into_iter().map(joined).collect()
    }

    pub(super) fn rows_of_truth(&self, name: &str) -> Vec<csv::StringRecord> {
        let path = self.folder.path().join(format!("truth/{name}.csv"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        reader.records().map(Result::unwrap).collect()
    }
}
