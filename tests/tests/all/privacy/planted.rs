//! What is planted, and the inputs that it is planted in.

/// The business date of all inputs.
pub(super) const DATE: &str = "2026-11-20";

/// Parts of names that occur nowhere else.
pub(super) const NAMES: [&str; 5] = [
    "Quackenbush",
    "Wimmerl",
    "Featherstone",
    "Hrabowski",
    "Lindqvist",
];
/// Account numbers, as the inputs write them.
pub(super) const ACCOUNTS: [&str; 5] = [
    "DE89370400440532013000",
    "GB82WEST12345698765432",
    "4111111111111111",
    "3704 0044 0532 0130",
    "FR1420041010050500013M02606",
];
/// Secrets of the environment.
pub(super) const SECRETS: [&str; 3] = [
    "c4n4ry-webhook",
    "c4n4ry-mail-password",
    "c4n4ry-pg-password",
];
/// What a person writes.
pub(super) const NOTE: &str = "c4n4ry-note";
/// How alerts tell of some of them.
pub(super) const MASKED: [&str; 2] = ["Z*** Q***", "DE89 **** 3000"];

/// The partner's report: P-1 differs, the second reference is an account, the last rows can't be
/// read.
pub(super) const PARTNER: &str = "\
reference,amount,currency,value_date,payer,text,account
P-1,990.00,EUR,2026-11-20,Zephyrine Quackenbush,from DE89 3704 0044 0532 0130 00,DE89370400440532013000
P-2,100.00,EUR,2026-11-20,Ottokar Wimmerl,card 4111111111111111,GB82WEST12345698765432
DE89370400440532013000,700.00,EUR,2026-11-20,Philippa Featherstone,thanks,4111111111111111
P-4,Jadwiga Hrabowski,EUR,2026-11-20,Jadwiga Hrabowski,x,GB82WEST12345698765432
P-5,1.00,EUR,FR1420041010050500013M02606,Sten Lindqvist,x,FR1420041010050500013M02606
";

/// Our records.
pub(super) const LEDGER: &str = "\
reference,amount,currency,value_date,client,payer
P-1,900.00,EUR,2026-11-20,Zephyrine Quackenbush,Zephyrine Quackenbush
P-2,100.00,EUR,2026-11-20,C-2,Ottokar Wimmerl
";

/// A report without a header: a list of people.
pub(super) const HEADLESS: &str = "\
Zephyrine Quackenbush,DE89370400440532013000,Philippa Featherstone,1.00
Ottokar Wimmerl,GB82WEST12345698765432,Jadwiga Hrabowski,2.00
";

/// What the bank's ledger holds.
pub(super) const PAYMENTS: &str = "
    CREATE TABLE payments (id text, amount numeric(12,2), currency text, paid_on date, payer text,
                           account text);
    INSERT INTO payments VALUES
        ('E-1', 500.00, 'EUR', '2026-11-20', 'Philippa Featherstone', 'DE89370400440532013000'),
        ('E-9', 800.00, 'EUR', '2026-11-02', 'Sten Lindqvist', 'FR1420041010050500013M02606');";

/// The query of the bank's ledger.
pub(super) const QUERY: &str = "
    SELECT id, amount, currency, paid_on, payer, account FROM payments
    WHERE paid_on <= :to_date ORDER BY id";

/// The bank's statement: E-1 differs, of E-2 we know nothing.
pub(super) fn statement() -> String {
    let entry = |id: &str, amount: &str, name: &str, iban: &str, text: &str| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{DATE}</Dt></BookgDt>\
             <ValDt><Dt>{DATE}</Dt></ValDt><AcctSvcrRef>S-{id}</AcctSvcrRef>\
             <NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs>\
             <Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>\
             <DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>\
             <RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        )
    };
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{DATE}</Dt></Dt></Bal>"
        )
    };
    let (first, second) = (
        entry(
            "E-1",
            "590.00",
            "Philippa Featherstone",
            ACCOUNTS[0],
            "thanks, Wimmerl",
        ),
        entry(
            "E-2",
            "610.00",
            "Jadwiga Hrabowski",
            ACCOUNTS[1],
            "from DE89 3704 0044 0532 0130 00",
        ),
    );
    let (opening, closing) = (balance("OPBD", "0.00"), balance("CLBD", "1200.00"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-21T03:10:00+01:00</CreDtTm></GrpHdr>\
         <Stmt><Id>ST-1</Id><ElctrncSeqNb>1</ElctrncSeqNb>\
         <CreDtTm>2026-11-21T03:10:00+01:00</CreDtTm>\
         <Acct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id><Ccy>EUR</Ccy>\
         <Ownr><Nm>Sten Lindqvist</Nm></Ownr></Acct>\
         {opening}{closing}{first}{second}</Stmt></BkToCstmrStmt></Document>\n"
    )
}
