//! Tables for people: plain columns, amounts to the right, no lines to break a copy and paste.

use crate::output::say;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A column: its title, and where its values stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Column {
    /// Text.
    Left(&'static str),
    /// Numbers and amounts.
    Right(&'static str),
}

/// Prints rows under a header, or `empty` when there are none.
pub(crate) fn print(columns: &[Column], rows: Vec<Vec<String>>, empty: &str) {
    if rows.is_empty() {
        say!("{empty}");
        return;
    }
    say!("{}", render(columns, rows));
}

/// The first `listed_max` rows under a title that says of how many; none when there are none.
pub(crate) fn listed(
    title: &str,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<String>>,
    listed_max: usize,
) -> Option<String> {
    let mut rows = rows.fuse();
    let shown: Vec<Vec<String>> = rows.by_ref().take(listed_max).collect();
    let more = rows.count();
    let title = match (shown.len(), more) {
        (0, 0) => return None,
        (_, 0) => format!("{title}:"),
        (shown, more) => {
            let count = shown + more;
            format!("{title}, the first {listed_max} of {count} (--all lists all):")
        }
    };
    Some(format!("{title}\n{}", render(columns, shown)))
}

/// Rows under a header.
pub(crate) fn render(columns: &[Column], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| match column {
        Column::Left(title) | Column::Right(title) => *title,
    }));
    for row in rows {
        table.add_row(row);
    }
    for (index, column) in columns.iter().enumerate() {
        if let (Column::Right(_), Some(column)) = (column, table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}
