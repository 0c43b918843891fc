//! A bank's statements as ISO 20022 camt.053.001.08: one per currency, each balanced.
//!
//! Also in it: batch entries with several transactions, and an entry that is not booked yet and
//! counts for nothing.

use jiff::ToSpan;
use jiff::civil::Date;

use super::currencies::CurrencyFacts;
use super::partner_report::{Balance, Draft, PartnerReport};
use super::random::Random;
use super::rows::PartnerRow;

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
) -> PartnerReport {
    let mut random = Random::new(seed);
    let mut balance = balance;
    let mut draft = Draft::new(rows.len());
    draft.push(&format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n<BkToCstmrStmt>\n\
         <GrpHdr><MsgId>GENERATED-{business_date}-{seed}</MsgId>\
         <CreDtTm>{business_date}T23:45:00+00:00</CreDtTm></GrpHdr>\n"
    ));
    for currency in currencies {
        let own: Vec<&PartnerRow> = rows
            .iter()
            .filter(|row| row.currency == *currency)
            .collect();
        let written = Statement {
            currency,
            business_date,
            balance,
        };
        written.write(&own, &mut random, &mut draft);
        balance = Balance::Holds;
    }
    draft.push("</BkToCstmrStmt>\n</Document>\n");
    let (text, lines) = draft.finish();
    PartnerReport {
        bytes: text.into_bytes(),
        subject: subject(currencies[0], business_date),
        lines,
    }
}

/// What the statement in this currency is called when it is found wrong.
fn subject(currency: &CurrencyFacts, business_date: Date) -> String {
    let (id, account) = (statement_id(currency, business_date), account(currency));
    format!("statement {id}, account {account}")
}

/// The statement of one currency.
struct Statement {
    currency: &'static CurrencyFacts,
    business_date: Date,
    balance: Balance,
}

impl Statement {
    fn write(&self, rows: &[&PartnerRow], random: &mut Random, draft: &mut Draft) {
        let Statement {
            currency,
            business_date,
            balance,
        } = *self;
        let opening = random.between(0, 50) * currency.materiality;
        let booked: i64 = rows.iter().map(|row| row.gross).sum();
        let closing = opening + booked + i64::from(balance == Balance::Broken);
        let id = statement_id(currency, business_date);
        let day_before = business_date.saturating_sub(1.day());
        draft.push(&format!(
            "<Stmt>\n<Id>{id}</Id><CreDtTm>{business_date}T23:45:00+00:00</CreDtTm>\n\
             <Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>{}</Ccy></Acct>\n",
            account(currency),
            currency.code
        ));
        draft.push(&balance_of("OPBD", currency, opening, day_before));
        draft.push(&balance_of("CLBD", currency, closing, business_date));
        let mut rest = rows;
        while !rest.is_empty() {
            let size = if random.chance(BATCH_PERCENT) {
                batch_at(rest)
            } else {
                1
            };
            let (these, others) = rest.split_at(size);
            write_entry(these, business_date, draft);
            rest = others;
        }
        draft.push(&not_booked(currency, business_date));
        draft.push("</Stmt>\n");
    }
}

/// How many of the next rows can be one entry: same direction, same value date. A payout of a batch
/// stands alone.
fn batch_at(rows: &[&PartnerRow]) -> usize {
    let first = rows[0];
    let alike = |row: &&&PartnerRow| {
        row.value_date == first.value_date
            && (row.gross < 0) == (first.gross < 0)
            && row.batch.is_empty()
    };
    let count = rows.iter().take(BATCH_SIZE).take_while(alike).count();
    count.max(1)
}

fn balance_of(code: &str, currency: &CurrencyFacts, amount: i64, date: Date) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{}<Dt><Dt>{date}</Dt></Dt></Bal>\n",
        money(currency, amount)
    )
}

fn write_entry(rows: &[&PartnerRow], booked_on: Date, draft: &mut Draft) {
    let first = rows[0];
    let amount: i64 = rows.iter().map(|row| row.gross).sum();
    draft.push(&format!(
        "<Ntry>{}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{booked_on}</Dt></BookgDt>\
         <ValDt><Dt>{}</Dt></ValDt><AcctSvcrRef>{}</AcctSvcrRef>\n<NtryDtls>",
        money(first.currency, amount),
        first.value_date,
        first.transaction_id,
    ));
    if !first.batch.is_empty() {
        draft.push(&format!(
            "<Btch><PmtInfId>{}</PmtInfId></Btch>",
            first.batch
        ));
    } else if rows.len() > 1 {
        draft.push(&format!("<Btch><NbOfTxs>{}</NbOfTxs></Btch>", rows.len()));
    }
    for row in rows {
        draft.push("\n");
        draft.begin(row.number);
        draft.push(&transaction(row));
    }
    draft.push("</NtryDtls></Ntry>\n");
}

fn transaction(row: &PartnerRow) -> String {
    let role = if row.gross < 0 { "Cdtr" } else { "Dbtr" };
    let reference = match row.reference.as_str() {
        "" => "NOTPROVIDED",
        reference => reference,
    };
    format!(
        "<TxDtls><Refs><EndToEndId>{reference}</EndToEndId><TxId>{}</TxId></Refs>{}\
         <RltdPties><{role}><Pty><Nm>{}</Nm></Pty></{role}></RltdPties>{}</TxDtls>",
        row.transaction_id,
        money(row.currency, row.gross),
        row.customer.replace('&', "&amp;"),
        remittance(row),
    )
}

/// What the payer wrote to us, if anything.
fn remittance(row: &PartnerRow) -> String {
    let text = match (row.description.is_empty(), row.invoice.is_empty()) {
        (false, _) => row.description.replace('&', "&amp;"),
        (true, false) => format!("Invoice {}", row.invoice),
        (true, true) => return String::new(),
    };
    format!("<RmtInf><Ustrd>{text}</Ustrd></RmtInf>")
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
