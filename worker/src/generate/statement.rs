//! A bank's statements as ISO 20022 camt.053.001.08: one per currency, each balanced.
//!
//! Also in it: batch entries with several transactions, and an entry that is not booked yet and
//! counts for nothing.

use jiff::ToSpan;
use jiff::civil::Date;

use super::currencies::CurrencyFacts;
use super::random::Random;
use super::scenario::PartnerRow;
use super::settlement_csv::Balance;

/// Of a hundred entries, so many are batches of this many transactions.
const BATCH_PERCENT: i64 = 10;
const BATCH_SIZE: usize = 3;

/// The file. `seed` chooses opening balances and batches.
pub(super) fn file(
    rows: &[PartnerRow],
    currencies: &[&'static CurrencyFacts],
    business_date: Date,
    balance: Balance,
    seed: u64,
) -> String {
    let mut random = Random::new(seed);
    let mut balance = balance;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n<BkToCstmrStmt>\n\
         <GrpHdr><MsgId>GENERATED-{business_date}-{seed}</MsgId>\
         <CreDtTm>{business_date}T23:45:00+00:00</CreDtTm></GrpHdr>\n"
    );
    for currency in currencies {
        let own: Vec<&PartnerRow> = rows
            .iter()
            .filter(|row| row.currency == *currency)
            .collect();
        out.push_str(&statement(
            &own,
            currency,
            business_date,
            balance,
            &mut random,
        ));
        balance = Balance::Holds;
    }
    out.push_str("</BkToCstmrStmt>\n</Document>\n");
    out
}

/// What the statement in this currency is called when it is found wrong.
pub(super) fn subject(currency: &CurrencyFacts, business_date: Date) -> String {
    let (id, account) = (statement_id(currency, business_date), account(currency));
    format!("statement {id}, account {account}")
}

fn statement(
    rows: &[&PartnerRow],
    currency: &CurrencyFacts,
    business_date: Date,
    balance: Balance,
    random: &mut Random,
) -> String {
    let opening = random.between(0, 50) * currency.materiality;
    let booked: i64 = rows.iter().map(|row| row.gross).sum();
    let closing = opening + booked + i64::from(balance == Balance::Broken);
    let id = statement_id(currency, business_date);
    let day_before = business_date.saturating_sub(1.day());
    let mut out = format!(
        "<Stmt>\n<Id>{id}</Id><CreDtTm>{business_date}T23:45:00+00:00</CreDtTm>\n\
         <Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>{}</Ccy></Acct>\n",
        account(currency),
        currency.code
    );
    out.push_str(&balance_of("OPBD", currency, opening, day_before));
    out.push_str(&balance_of("CLBD", currency, closing, business_date));
    let mut rest = rows;
    while !rest.is_empty() {
        let size = if random.chance(BATCH_PERCENT) {
            batch_at(rest)
        } else {
            1
        };
        let (these, others) = rest.split_at(size);
        out.push_str(&entry(these, business_date));
        rest = others;
    }
    out.push_str(&not_booked(currency, business_date));
    out.push_str("</Stmt>\n");
    out
}

/// How many of the next rows can be one entry: same direction, same value date.
fn batch_at(rows: &[&PartnerRow]) -> usize {
    let first = rows[0];
    let alike = |row: &&&PartnerRow| {
        row.value_date == first.value_date && (row.gross < 0) == (first.gross < 0)
    };
    rows.iter().take(BATCH_SIZE).take_while(alike).count()
}

fn balance_of(code: &str, currency: &CurrencyFacts, amount: i64, date: Date) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{}<Dt><Dt>{date}</Dt></Dt></Bal>\n",
        money(currency, amount)
    )
}

fn entry(rows: &[&PartnerRow], booked_on: Date) -> String {
    let first = rows[0];
    let amount: i64 = rows.iter().map(|row| row.gross).sum();
    let mut out = format!(
        "<Ntry>{}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{booked_on}</Dt></BookgDt>\
         <ValDt><Dt>{}</Dt></ValDt><AcctSvcrRef>{}</AcctSvcrRef>\n<NtryDtls>",
        money(first.currency, amount),
        first.value_date,
        first.transaction_id,
    );
    if rows.len() > 1 {
        out.push_str(&format!("<Btch><NbOfTxs>{}</NbOfTxs></Btch>", rows.len()));
    }
    rows.iter().for_each(|row| out.push_str(&transaction(row)));
    out.push_str("</NtryDtls></Ntry>\n");
    out
}

fn transaction(row: &PartnerRow) -> String {
    let role = if row.gross < 0 { "Cdtr" } else { "Dbtr" };
    format!(
        "\n<TxDtls><Refs><EndToEndId>{}</EndToEndId><TxId>{}</TxId></Refs>{}\
         <RltdPties><{role}><Pty><Nm>{}</Nm></Pty></{role}></RltdPties>\
         <RmtInf><Ustrd>Invoice {}</Ustrd></RmtInf></TxDtls>",
        row.reference,
        row.transaction_id,
        money(row.currency, row.gross),
        row.customer.replace('&', "&amp;"),
        row.invoice,
    )
}

fn not_booked(currency: &CurrencyFacts, business_date: Date) -> String {
    format!(
        "<Ntry>{}<Sts><Cd>PDNG</Cd></Sts><ValDt><Dt>{business_date}</Dt></ValDt>\
         <NtryDtls><TxDtls><Refs><EndToEndId>ANNOUNCED-{}</EndToEndId></Refs></TxDtls></NtryDtls>\
         </Ntry>\n",
        money(currency, currency.materiality),
        currency.code,
    )
}

fn statement_id(currency: &CurrencyFacts, business_date: Date) -> String {
    format!("{business_date}-{}", currency.code)
}

/// So short that it is shown in full; longer account numbers are masked.
fn account(currency: &CurrencyFacts) -> String {
    format!("NW-{}-1", currency.code)
}

fn money(currency: &CurrencyFacts, amount: i64) -> String {
    let direction = if amount < 0 { "DBIT" } else { "CRDT" };
    format!(
        "<Amt Ccy=\"{}\">{}</Amt><CdtDbtInd>{direction}</CdtDbtInd>",
        currency.code,
        currency.plain(amount.abs())
    )
}
