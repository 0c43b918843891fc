//! Dates and times as reports write them, in their zones.

use super::check_rows;

#[test]
fn a_text_that_two_formats_read_differently_is_refused() {
    check_rows(
        r#"dates = ["%d/%m/%Y", "%m/%d/%Y"]"#,
        "A,1,EUR,25/03/2026\nB,1,EUR,03/25/2026\n\
         C,1,EUR,05/03/2026\nD,1,EUR,05/05/2026\nE,1,EUR,31/02/2026\n",
        r#"2: reference=A | 1.00 EUR 2026-03-25
           3: reference=B | 1.00 EUR 2026-03-25
           4: reject date="05/03/2026": ambiguous: 2026-03-05 by "%d/%m/%Y", 2026-05-03 by \
           "%m/%d/%Y"
           5: reference=D | 1.00 EUR 2026-05-05
           6: reject date="31/02/2026": not a date by "%d/%m/%Y" or "%m/%d/%Y"
           5 = 3 + 2 + 0"#,
    );
}

#[test]
fn implausible_years_and_short_texts_are_refused() {
    check_rows(
        r#"dates = ["%d.%m.%Y", "%Y%m%d"]"#,
        "A,1,EUR,23.11.26\nB,1,EUR,2026123\n\
         C,1,EUR,20261123\nD,1,EUR,\nE,1,EUR,00.01.1900\nF,1,EUR,31.12.9999\n",
        r#"2: reject date="23.11.26": not a date by "%d.%m.%Y" or "%Y%m%d"
           3: reject date="2026123": not a date by "%d.%m.%Y" or "%Y%m%d"
           4: reference=C | 1.00 EUR 2026-11-23
           5: reject date="": no date given
           6: reject date="00.01.1900": not a date by "%d.%m.%Y" or "%Y%m%d"
           7: reject date="31.12.9999": not a date by "%d.%m.%Y" or "%Y%m%d"
           6 = 1 + 5 + 0"#,
    );
}

#[test]
fn the_day_of_a_time_is_counted_in_the_zone_that_the_mapping_names() {
    // As written, whatever the offset.
    check_rows(
        r#"dates = ["%Y/%m/%d %H:%M:%S %z"]"#,
        "A,1,EUR,2026/11/22 23:30:00 -0700\n",
        "2: reference=A | 1.00 EUR 2026-11-22
         1 = 1 + 0 + 0",
    );
    // By the offset in the text.
    check_rows(
        "dates = [\"%Y/%m/%d %H:%M:%S %z\", \"%Y-%m-%d\"]\ndate_zone = \"Europe/Berlin\"",
        "A,1,EUR,2026/11/22 23:30:00 -0700\nB,1,EUR,2026-11-22\n",
        "2: reference=A | 1.00 EUR 2026-11-23
         3: reference=B | 1.00 EUR 2026-11-22
         2 = 2 + 0 + 0",
    );
    // By the zone of the report; seconds since 1970 need none.
    check_rows(
        "dates = [\"%Y-%m-%d %H:%M:%S\", \"%s\"]\ntime_zone = \"UTC\"\ndate_zone = \"Asia/Tokyo\"",
        "A,1,EUR,2026-11-22 14:59:59\nB,1,EUR,2026-11-22 15:00:00\nC,1,EUR,1795359600\n",
        "2: reference=A | 1.00 EUR 2026-11-22
         3: reference=B | 1.00 EUR 2026-11-23
         4: reference=C | 1.00 EUR 2026-11-23
         3 = 3 + 0 + 0",
    );
}

#[test]
fn a_row_may_name_its_own_zone() {
    let settings = "dates = [\"%Y-%m-%d %H:%M\"]\ntime_zone = \"UTC\"\ndate_zone = \"UTC\"\n\
                    zone_names = { PST = \"America/Los_Angeles\" }";
    let mapping = format!(
        "[csv]\n{settings}\n[csv.fields]\namount = \"amount\"\ncurrency = \"currency\"\n\
         value_date = \"date\"\ntime_zone = \"zone\"\n"
    );
    super::check(
        &super::format(&mapping),
        b"amount,currency,date,zone\n1,EUR,2026-11-22 20:00,PST\n\
          2,EUR,2026-11-22 20:00,Asia/Tokyo\n\
          3,EUR,2026-11-22 20:00,\n4,EUR,2026-11-22 20:00,XYZ\n",
        r#"2: | 1.00 EUR 2026-11-23
           3: | 2.00 EUR 2026-11-22
           4: | 3.00 EUR 2026-11-22
           5: reject date="2026-11-22 20:00": its time zone "XYZ" is not an IANA name: add it to \
           zone_names
           4 = 3 + 1 + 0"#,
    );
}
