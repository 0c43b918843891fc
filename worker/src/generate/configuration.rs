//! The configuration that reads generated data: `trueup.toml` and one file per source.

use super::currencies::{CurrencyFacts, FEE_PERCENT};
use super::partner_report::Layout;

/// `trueup.toml`.
pub(super) const SETTINGS: &str = "\
# Written by `trueup generate`. There are no alert channels: made-up data wakes nobody.

[sqlite]
file = \"data/trueup.db\"
";

/// `sources/acme-pay.toml`: a settlement report against the ledger.
pub(super) fn acme_pay(currencies: &[&'static CurrencyFacts], layout: Layout) -> String {
    let fixed = by_currency("agreed_fee.fixed", currencies, |currency| {
        currency.fee_fixed
    });
    format!(
        "\
# Written by `trueup generate`: a payment processor's settlement report.

title = \"Acme Pay, generated\"
settlement_window_days = 2

[partner.transport]
kind = \"file\"
path = \"partner/acme-pay-{{business_date}}.csv\"

[partner.format.csv]
delimiter = \";\"
encoding = \"windows-1252\"
decimal_separator = \",\"
thousands_separator = \".\"
dates = [\"%d.%m.%Y\"]
compare = \"gross\"
skip = [{{ column = \"Type\", equals = [\"Payout\"] }}]
totals = [
  {{ column = \"Transaction ID\", starts_with = [\"Total\"], amount = \"Gross\", count = \"Payments\" }},
]

[partner.format.csv.fields]
reference = \"Merchant reference\"
invoice = \"Invoice\"
gross = \"Gross\"
fee = \"Fee\"
net = \"Net\"
currency = \"Currency\"
value_date = \"Value date\"
status = \"Status\"
counterparty = \"Customer\"
{labelled}
[partner.format.csv.status_values]
pending = [\"Pending\"]
settled = [\"Settled\"]
reversed = [\"Charged back\"]
failed = [\"Failed\"]

{ledger}
{rules}
{policy}
[agreed_fee]
percent = \"{FEE_PERCENT}\"

{fixed}",
        labelled = match layout {
            Layout::Plain => "",
            Layout::Labelled => "description = \"Description\"\nbatch = \"Batch\"\n",
        },
        ledger = ledger("acme-pay", layout),
        rules = rules("payment reference", "PAY", layout),
        policy = policy(currencies),
    )
}

/// `sources/acme-bank.toml`: bank statements against the ledger.
pub(super) fn acme_bank(currencies: &[&'static CurrencyFacts], layout: Layout) -> String {
    format!(
        "\
# Written by `trueup generate`: a bank's statements.

title = \"Acme Bank, generated\"
settlement_window_days = 2

[partner.transport]
kind = \"file\"
path = \"partner/acme-bank-{{business_date}}.xml\"

[partner.format.camt053]
reference = \"end_to_end_id\"
invoice = {{ from = [\"unstructured\"], pattern = \"INV-[0-9]+\" }}

{ledger}
{rules}
{policy}",
        ledger = ledger("acme-bank", layout),
        rules = rules("end-to-end id", "E2E", layout),
        policy = policy(currencies),
    )
}

/// What a match is, where references begin with `prefix`.
fn rules(name: &str, prefix: &str, layout: Layout) -> String {
    match layout {
        Layout::Plain => by_reference(name),
        Layout::Labelled => format!("{}{}", by_reference(name), rules_for_trouble(prefix)),
    }
}

/// What else is a match where references have slips and payments come in groups: the surer a rule is,
/// the earlier.
fn rules_for_trouble(prefix: &str) -> String {
    let steps = format!(
        "[\"ignore_case\", \"ignore_separators\", {{ prefix = \"INV\" }}, {{ prefix = \"{prefix}\" }}, \
         \"ignore_leading_zeros\"]"
    );
    format!(
        "
[[rules]]
name = \"reference, however it is written\"
on = [{{ field = \"reference\", normalise = {steps} }}]

[[rules]]
name = \"reference in the text\"
on = [{{ partner = {{ field = \"description\", normalise = [{{ capture = '{prefix}-[0-9]{{9}}\\b' }}] }}, ledger = \"reference\" }}]

[[rules]]
name = \"payment in parts\"
on = [\"reference\"]
cardinality = \"N:1\"

[[rules]]
name = \"payment less its fee\"
on = [\"reference\"]
cardinality = \"1:N\"

[[rules]]
name = \"payout\"
on = [\"batch\"]
cardinality = \"1:N\"

[[rules]]
name = \"several references\"
on = [{{ partner = {{ field = \"reference\", normalise = [{{ each = '{prefix}-[0-9]{{9}}\\b' }}] }}, ledger = \"reference\" }}]
cardinality = \"1:N\"

[[rules]]
name = \"several references in the text\"
on = [{{ partner = {{ field = \"description\", normalise = [{{ each = '{prefix}-[0-9]{{9}}\\b' }}] }}, ledger = \"reference\" }}]
cardinality = \"1:N\"

[[rules]]
name = \"misspelled reference\"
on = [\"reference\"]
alike = true
"
    )
}

fn by_reference(name: &str) -> String {
    format!("[[rules]]\nname = \"{name}\"\non = [\"reference\"]\n")
}

fn ledger(source: &str, layout: Layout) -> String {
    let labelled = match layout {
        Layout::Plain => "",
        Layout::Labelled => "batch = \"batch\"\n",
    };
    format!(
        "\
[ledger.transport]
kind = \"file\"
path = \"ledger/{source}-{{business_date}}.csv\"

[ledger.format.csv.fields]
reference = \"payment_reference\"
invoice = \"invoice\"
amount = \"amount\"
currency = \"currency\"
value_date = \"value_date\"
status = \"status\"
client = \"client_id\"
counterparty = \"client_name\"
{labelled}
[ledger.format.csv.status_values]
pending = [\"pending\"]
settled = [\"settled\"]
reversed = [\"reversed\"]
failed = [\"failed\"]
"
    )
}

fn policy(currencies: &[&'static CurrencyFacts]) -> String {
    let rounding = |currency: &CurrencyFacts| {
        let amount = currency.plain(currency.rounding);
        format!("[tolerances.{}]\nrounding = \"{amount}\"\n", currency.code)
    };
    let tolerances: Vec<String> = currencies
        .iter()
        .map(|currency| rounding(currency))
        .collect();
    let materiality = by_currency("materiality", currencies, |currency| currency.materiality);
    format!(
        "\
{tolerances}
{materiality}
[dates]
early_days = 1
late_days = 3
unit = \"business\"
",
        tolerances = tolerances.join("\n"),
    )
}

fn by_currency(
    table: &str,
    currencies: &[&'static CurrencyFacts],
    amount: fn(&CurrencyFacts) -> i64,
) -> String {
    let line = |currency: &&'static CurrencyFacts| {
        format!(
            "{} = \"{}\"\n",
            currency.code,
            currency.plain(amount(currency))
        )
    };
    let lines: String = currencies.iter().map(line).collect();
    format!("[{table}]\n{lines}")
}
