//! Every mistake has its message, at its place; what is right has nothing said about it.

use super::{SETTINGS, SOURCE, said};

/// What is replaced in the source's file, by what, and all that is then said: level, line, column,
/// what is wrong; what would be right. A list of names that is long ends in `…`.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        "title = \"Acme\"\n",
        "",
        &["error - missing key `title`; add `title` at the top of the file"],
    ),
    (
        "title =",
        "titel =",
        &[
            "error - missing key `title`; add `title` at the top of the file",
            "error 1:1 unknown key `titel`; did you mean `title`? known keys: title, …",
        ],
    ),
    (
        "late_days",
        "late_day",
        &[
            "error 45:1 unknown key `late_day`; did you mean `late_days`? known keys: \
             early_days, late_days, unit",
        ],
    ),
    (
        "kind = \"file\"",
        "kind = \"ftp\"",
        &["error 7:8 unknown value `ftp`; known values: file, postgres"],
    ),
    (
        "{business_date}",
        "{date}",
        &[
            "error 8:8 placeholder {date} is unknown; use {business_date}, \
             {business_date_compact}, {year}, {month}, {day}, {client}, {invoice}",
        ],
    ),
    (
        "delimiter = \";\"",
        "delimiter = \";;\"",
        &["error 11:13 the delimiter is one ASCII character, or \"tab\""],
    ),
    (
        "delimiter = \";\"",
        "delimiter = \";\"\nno_reference = [\"N/A\", \"\"]",
        &["error 10:1 no_reference has an empty text: leave it out"],
    ),
    (
        "delimiter = \";\"",
        "delimiter = \";\"\nno_reference = \"N/A\"",
        &["error 12:16 expected a list: [..], found string \"N/A\""],
    ),
    (
        "delimiter = \";\"",
        "delimiter = 5",
        &["error 11:13 expected a text in quotes, found integer `5`"],
    ),
    (
        "reference = \"Ref\"",
        "refrence = \"Ref\"",
        &[
            "error 14:1 unknown key `refrence`; did you mean `reference`? known keys: reference, \
             invoice …",
        ],
    ),
    (
        "amount = \"amount\"\n",
        "",
        &["error 25:16 fields.amount is missing: name the column of the amount"],
    ),
    (
        "gross = \"Amount\"\n",
        "",
        &["error 10:1 compare = \"gross\" needs fields.gross"],
    ),
    (
        "fee = \"Fee\"\n",
        "",
        &[
            "warning 50:1 this fee is never checked: of gross, fee and net the partner's report has not \
             even two; map two of `gross`, `fee` and `net` (the third follows), or drop `[agreed_fee]`",
        ],
    ),
    ("fee = \"Fee\"\n", "net = \"Net\"\n", &[]),
    (
        "[partner.format.csv]\ndelimiter = \";\"\ncompare = \"gross\"\n[partner.format.csv.fields]\n\
         reference = \"Ref\"\ninvoice = \"Invoice\"\ngross = \"Amount\"\n\
         currency = { constant = \"EUR\" }\nvalue_date = \"Date\"\nfee = \"Fee\"\n",
        "[partner.format.camt053]\ninvoice = \"unstructured\"\n",
        &[
            "warning 43:1 this fee is never checked: of a bank statement no fees are read; drop \
             `[agreed_fee]`",
        ],
    ),
    (
        "reference = \"Ref\"",
        "reference = { colum = \"Ref\" }",
        &[
            "error 14:15 unknown key `colum`; did you mean `column`? known keys: column, \
             occurrence, position, constant, pattern, optional",
        ],
    ),
    (
        "[partner.format.csv]",
        "[partner.format.cvs]",
        &["error 10:10 expected one of these, not all: csv, cvs"],
    ),
    (
        "[ledger.format.csv.fields]",
        "[ledger.format.camt053]\n[ledger.format.csv.fields]",
        &["error 25:9 expected one of these, not all: camt053, csv"],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = 0.01",
        &["error 41:12 expected an amount in quotes (\"0.01\"), found floating point `0.01`"],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = \"0,01\"",
        &[
            "error 41:12 `0,01` is not an amount: not a plain decimal number; write digits as in \
             `1234.56`",
        ],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = \"0.10\"",
        &[
            "error 42:12 `rounding` (0.05) is below `accepted` (0.1): nothing is rounding then; \
             `accepted` is a match, up to `rounding` is a rounding discrepancy: make it larger",
        ],
    ),
    (
        "accepted = \"0.01\"",
        "accepted = \"-0.01\"",
        &["error 41:12 `-0.01` is negative; give the size of the amount, without a sign"],
    ),
    (
        "[tolerances.EUR]",
        "[tolerances.eur]",
        &["error 40:1 write the currency `eur` as `EUR`"],
    ),
    (
        "[tolerances.EUR]",
        "[tolerances.EUX]",
        &[
            "warning 40:1 `EUX` is not a currency of ISO 4217; a private code counts two decimals",
            "warning 40:1 no materiality for EUX: every missing cent is critical; set `EUX` in \
             `[materiality]`, as `EUX = \"1000.00\"`",
        ],
    ),
    (
        "Europe/Berlin",
        "Europe/Berlni",
        &["error 2:13 unknown time zone `Europe/Berlni`; did you mean `Europe/Berlin`?"],
    ),
    (
        "\"23:00\"",
        "\"25:00\"",
        &["error 3:11 `25:00` is not a time of day: write hours:minutes, as 23:30"],
    ),
    (
        "on = [\"reference\"]",
        "on = [\"referense\"]",
        &[
            "error 34:7 unknown kind of field `referense`; did you mean `reference`? one of: \
             reference, invoice …",
        ],
    ),
    (
        "on = [\"reference\"]",
        "on = [\"order\"]",
        &[
            "error 34:7 this rule never matches: neither side has `order`; map `order` on both \
             sides, or match on what they have",
        ],
    ),
    (
        "on = [\"reference\"]",
        "on = []",
        &["error 34:6 a rule needs something to compare; for example `on = [\"reference\"]`"],
    ),
    (
        "invoice = \"invoice\"\n",
        "",
        &[
            "error 37:7 this rule never matches: the ledger has no `invoice`; map `invoice` on \
             both sides, or match on what they have",
        ],
    ),
    (
        "name = \"invoice\"",
        "name = \"reference\"",
        &["error 37:8 there is another rule `reference`; give each rule a name of its own"],
    ),
    (
        "on = [\"invoice\"]",
        "on = [{ field = \"invoice\", normalise = [\"ignore_cases\"] }]",
        &[
            "error 38:41 unknown step `ignore_cases`; one of: ignore_case, ignore_separators, \
             ignore_leading_zeros, digits, or a table with prefix, suffix, first, capture or each",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [{ partner = \"reference\", normalise = [\"digits\"] }]",
        &[
            "error 38:7 name either a `field` of both sides (with its `normalise`), or what is \
             compared with what: `partner` and `ledger`, each with a `normalise` of its own",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [{ partner = \"description\", ledger = \"invoice\" }]",
        &[
            "error 38:7 this rule never matches: the partner has no `description`; map them, or \
             match on what the sides have",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"invoice\"]\ncardinality = \"1:n\"",
        &[
            "error 39:15 `1:n` is not a cardinality: partner to ledger, \"1:1\", \"1:N\", \"N:1\" or \
             \"N:M\"",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"invoice\"]\ncombinations_max = 1000",
        &[
            "error 39:20 combinations are not looked for where the cardinality is 1:1; drop it, or \
             set `cardinality = \"1:N\"` or `\"N:1\"`",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"invoice\"]\nalike = true\ncardinality = \"1:N\"",
        &["error 39:9 what is alike is matched one by one; drop `cardinality`, or `alike`"],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"reference\", \"invoice\"]",
        &[
            "warning 38:6 this rule gets only what `reference`, which compares less of the same, can't \
             choose between before; put it before that rule",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"reference\"]",
        &[
            "warning 38:6 this rule never decides: `reference` has decided before; match on \
             something else, or drop it",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [{ field = \"invoice\", normalise = [{ each = \"[0-9]+\" }] }]",
        &[
            "error 38:6 a text that names several (`each`) is of the one record: the cardinality has \
             to be 1:N (the partner's) or N:1 (ours); write `cardinality`, and `each` as the last step \
             of that side's only key",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [{ field = \"invoice\", normalise = [\"digits\", { prefix = \"INV-\" }] }]",
        &[
            "warning 38:7 { prefix = \"INV-\" } never finds anything: the steps before it leave no such \
             text; put it before the other steps, or write it as they leave it",
        ],
    ),
    (
        "on = [\"invoice\"]",
        "on = [\"invoice\", \"invoice\"]",
        &["warning 38:18 the same is compared twice; drop one of them"],
    ),
    (
        "2026-12-25",
        "2026-12-32",
        &["error 49:13 not TOML: invalid date, expected day between 01 and 31"],
    ),
    (
        "2026-12-25",
        "\"25.12.2026\"",
        &["error 49:13 `25.12.2026` is not a date: write year-month-day, as 2026-12-25"],
    ),
    (
        "[calendar]",
        "[calendar]\ndays_off = [\"sat\"]",
        &[
            "error 49:13 unknown day of the week `sat`; one of: monday, tuesday, wednesday, \
             thursday, friday, saturday, sunday",
        ],
    ),
    (
        "[calendar]",
        "[calendar]\ndays_off = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \
         \"friday\", \"saturday\", \"sunday\"]",
        &[
            "error 49:12 every day of the week is a day off; leave at least one day on which the \
             partner settles",
        ],
    ),
    (
        "kinds = [\"missing_at_partner\"]",
        "kinds = [\"missing\"]",
        &["error 59:10 unknown kind of discrepancy `missing`; one of: statement_out …"],
    ),
    (
        "severity = \"critical\"",
        "severity = \"urgent\"",
        &["error 61:12 unknown severity `urgent`; one of: low, high, critical"],
    ),
    (
        "[\"finance\"]",
        "[\"finanz\"]",
        &[
            "error 65:13 no channel `finanz`; did you mean `finance`? channels in trueup.toml: \
             finance",
        ],
    ),
    (
        "[\"finance\"]",
        "[]",
        &["error 65:12 a route needs at least one channel; channels in trueup.toml: finance"],
    ),
    (
        "EUR = \"1000.00\"\n",
        "",
        &[
            "warning 40:1 no materiality for EUR: every missing cent is critical; set `EUR` in \
             `[materiality]`, as `EUR = \"1000.00\"`",
        ],
    ),
    (
        "EUR = \"1000.00\"\n",
        "EUR = \"0.01\"\n",
        &[
            "warning 41:12 differences of up to 0.01 EUR are accepted, and 0.01 is material; accept less, or \
             nobody hears of such a difference",
        ],
    ),
    (
        "percent = \"1.4\"",
        "percent = \"140\"",
        &[
            "error 52:11 a fee of 140 per cent can't be meant; `percent = \"2.9\"` is 2.9 % of \
             the gross",
        ],
    ),
    (
        "late_days = 2",
        "late_days = 9999",
        &["error 45:13 a window of 9999 days can't be meant; at most 366 days"],
    ),
    (
        "late_days = 2",
        "late_days = -2",
        &["error 45:13 expected a whole number from 0 up, found integer `-2`"],
    ),
    (
        "unit = \"business\"",
        "unit = \"days\"",
        &["error 46:8 unknown unit of days `days`; one of: calendar, business"],
    ),
    (
        "[[alerts]]",
        "[[severity]]\nkinds = [\"missing_at_partner\"]\namount_from = \"9.00\"\nseverity = \
         \"high\"\n\n[[alerts]]",
        &[
            "warning 63:1 this severity rule never decides: rule 1 of this list takes all that \
             it would; put the narrower rule first, or drop it",
        ],
    ),
    (
        "[[alerts]]",
        "[[approval]]\nresolutions = [\"writeoff\"]\nkinds = []\ncurrency = \"EUR\"\namount_from \
         = \"-5\"\n\n[[alerts]]",
        &["error 64:16 unknown resolution `writeoff`; did you mean `write_off`? one of: match, …"],
    ),
    (
        "[[alerts]]",
        "[[approval]]\ncurrency = \"EUX\"\namount_from = \"5\"\n\n[[alerts]]",
        &["warning 64:12 `EUX` is not a currency of ISO 4217; a private code counts two decimals"],
    ),
    (
        "[[alerts]]",
        "[[approval]]\ncurrency = \"EUR\"\namount_from = \"-5\"\n\n[[alerts]]",
        &["error 65:15 `-5` is negative; give the size of the amount, without a sign"],
    ),
    (
        "[[alerts]]",
        "[[approval]]\namount_from = \"5\"\n\n[[alerts]]",
        &[
            "error 64:15 `amount_from` without a `currency`; add `currency`; give each other \
             currency a table of its own",
        ],
    ),
    (
        "[ledger.transport]",
        "[ledger]\nwait_for_report = \"4 hours\"\n\n[ledger.transport]",
        &[
            "error 21:19 only the partner's report is waited for; move `wait_for_report` to \
             `[partner]`, or drop it",
        ],
    ),
    (
        "[partner.transport]",
        "[partner]\nwait_for_report = \"3 days\"\n\n[partner.transport]",
        &[
            "error 7:19 a report that may be so late can't be waited for; at most 2 days; after \
             that people are told, and it is looked for 3 days more",
        ],
    ),
    (
        "settlement_window_days = 2",
        "settlement_window_days = 2\nrun_deadline_days_back = 1",
        &[
            "error 5:26 `run_deadline_days_back` without a `run_deadline`; add `run_deadline`, as \
             `run_deadline = \"10:00\"`",
        ],
    ),
    (
        "settlement_window_days = 2",
        "settlement_window_days = 2\nrun_deadline = \"10:00\"\nrun_deadline_days_back = 400",
        &["error 6:26 a deadline 400 days later can't be meant; at most 366 days"],
    ),
    (
        "[[alerts]]",
        "[digest]\nchannel = \"finance\"\n\n[[alerts]]",
        &[
            "error 63:1 a digest needs its time; write `daily = \"08:00\"` or `weekly = \"mon \
             08:00\"`",
        ],
    ),
    (
        "[[alerts]]",
        "[digest]\nchannel = \"finance\"\ndaily = \"08:00\"\nweekly = \"mon 08:00\"\n\n[[alerts]]",
        &[
            "error 63:1 a digest is `daily` or `weekly`, not both; write `daily = \"08:00\"` or \
             `weekly = \"mon 08:00\"`",
        ],
    ),
    (
        "[[alerts]]",
        "[digest]\nchannel = \"finance\"\nweekly = \"monday\"\n\n[[alerts]]",
        &["error 65:10 `monday` is not a day and a time: write them as in `mon 08:00`"],
    ),
    (
        "[[alerts]]",
        "[digest]\nchannel = \"fiance\"\ndaily = \"08:00\"\n\n[[alerts]]",
        &["error 64:11 no channel `fiance`; did you mean `finance`? channels in trueup.toml: …"],
    ),
    (
        "severity_from = \"high\"\n",
        "severity_from = \"high\"\nchannels = [\"finance\"]\n\n[[escalation]]\n\
         severity_from = \"high\"\nafter = \"0 hours\"\nrepeat = \"0 business days\"\n",
        &[
            "error 69:9 `0 hours` is not a duration: write how many days, hours, minutes or \
             seconds, as `3 days` or `36 hours`; a day is 24 hours",
            "error 70:10 `0 business days` is not so many business days: write a number from 1 to \
             366, as `2 business days`",
        ],
    ),
    (
        "severity_from = \"high\"\n",
        "severity_from = \"high\"\nchannels = [\"finance\"]\n\n[[escalation]]\n\
         severity_from = \"high\"\nafter = \"2 business days\"\nrepeat = \"1 day\"\n",
        &[],
    ),
    (
        "channels = [\"finance\"]\n",
        "channels = [\"finance\"]\n\n[[escalation]]\nseverity_from = \"low\"\n\
         after = \"90 minutes\"\nchannels = []\n\n[[escalation]]\nseverity_from = \"low\"\n\
         after = \"2 days\"\nchannels = [\"finanse\"]\n",
        &[
            "error 70:12 a step needs at least one channel; channels in trueup.toml: finance",
            "error 75:13 no channel `finanse`; did you mean `finance`? channels in trueup.toml: \
             finance",
        ],
    ),
    (
        "title = \"Acme\"",
        "title = Acme",
        &["error 1:9 not TOML: string values must be quoted, expected literal string"],
    ),
];

#[test]
fn every_mistake_has_its_message_at_its_place() {
    for (right, wrong, expected) in MISTAKES {
        assert!(SOURCE.contains(right), "{right:?} is not in the file");
        let said = said(SETTINGS, &SOURCE.replacen(right, wrong, 1));
        let fits = |(said, expected): (&String, &&str)| match expected.strip_suffix(" …") {
            Some(start) => said.starts_with(start),
            None => said == expected,
        };
        let all_fit = said.len() == expected.len() && said.iter().zip(*expected).all(fits);
        assert!(
            all_fit,
            "{wrong:?}\nsaid     {said:#?}\nexpected {expected:#?}"
        );
    }
}

#[test]
fn what_is_right_has_nothing_said_about_it() {
    assert_eq!(said(SETTINGS, SOURCE), Vec::<String>::new());
    assert_eq!(
        said(
            "",
            &SOURCE.replace("channels = [\"finance\"]", "channels = []")
        )
        .len(),
        1
    );
}

/// What is added to `[alerts.channels.finance]`, and all that is then said.
const CHANNEL_MISTAKES: &[(&str, &[&str])] = &[
    (
        "fallback = \"finance\"\n",
        &[
            "error 4:12 `finance` can't fall back to itself; the last channel of a row has no `fallback`",
        ],
    ),
    (
        "fallback = \"desk\"\nfallback_after = \"soon\"\n",
        &[
            "error 5:18 `soon` is not a duration: write how many days, hours, minutes or seconds, as \
         `3 days` or `36 hours`; a day is 24 hours",
        ],
    ),
    (
        "fallback = \"dest\"\n",
        &[
            "error 4:12 no channel `dest`; did you mean `desk`? channels in trueup.toml: desk, finance",
        ],
    ),
    (
        "fallback_after = \"1 minute\"\n",
        &["error 4:18 `fallback_after` without a `fallback`; name another channel: `fallback`"],
    ),
    (
        "quiet_hours = { from = \"8pm\", to = \"07:00\", time_zone = \"Berlin\" }\n",
        &[
            "error 4:24 `8pm` is not a time of day: write hours:minutes, as 23:30",
            "error 4:57 unknown time zone `Berlin`",
        ],
    ),
    (
        "quiet_hours = { from = \"20:00\", to = \"20:00\" }\n",
        &["error 4:38 quiet hours that begin and end at the same time are none"],
    ),
];

#[test]
fn every_mistake_about_a_channel_has_its_message() {
    let desk = "\n[alerts.channels.desk]\nkind = \"slack\"\n\
                webhook_url_env = \"TRUEUP_TEST_DESK_THAT_NOBODY_SETS\"\n";
    for (wrong, expected) in CHANNEL_MISTAKES {
        let said = said(&format!("{SETTINGS}{wrong}{desk}"), SOURCE);
        for expected in expected.iter() {
            let is_said = said.iter().any(|said| said.starts_with(expected));
            assert!(
                is_said,
                "{wrong:?}\nsaid     {said:#?}\nexpected {expected:#?}"
            );
        }
    }
    let circle = format!("{SETTINGS}fallback = \"desk\"\n{desk}fallback = \"finance\"\n");
    assert_eq!(
        said(&circle, SOURCE),
        [
            "error 4:12 a circle: `desk` falls back to `finance`; the last channel of a row has no \
             `fallback`",
            "error 9:12 a circle: `finance` falls back to `desk`; the last channel of a row has no \
             `fallback`",
        ]
    );
    let right = format!(
        "{SETTINGS}fallback = \"desk\"\nfallback_after = \"1 minute\"\nquiet_hours = {{ from = \
         \"20:00\", to = \"07:00\", time_zone = \"Europe/Berlin\", days_off = true }}\n{desk}"
    );
    assert_eq!(said(&right, SOURCE), Vec::<String>::new());
}
