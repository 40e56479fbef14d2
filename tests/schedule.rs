//! When conferences are held: rules, zones, and what is refused.

mod common;

use common::times::{at, conference, held, now, wall};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use touchtone::schedule::{Times, check, room};
use touchtone::store::{NewConference, NewParticipant, Pin};

fn times(start: &str, zone: &str, rule: &str) -> Times {
    Times::of(&conference(start, zone, rule)).expect("times")
}

/// The first beginnings, on the wall.
fn walls(start: &str, rule: &str, most: usize) -> Vec<String> {
    let first = times(start, "Europe/Bucharest", rule).first(most);
    first.iter().map(|wall| wall.strftime("%Y-%m-%d %H:%M").to_string()).collect()
}

fn refused(conference: &NewConference) -> String {
    check(conference, now()).expect_err("refused")
}

#[test]
fn half_past_nine_stays_half_past_nine_when_clocks_are_changed() {
    let weekly = times("2026-03-23T09:30", "Europe/Bucharest", "FREQ=WEEKLY");
    assert_eq!(held(&weekly, "2026-03-20", "2026-04-07"), ["03-23 07:30Z", "03-30 06:30Z", "04-06 06:30Z"]);
    assert_eq!(held(&weekly, "2026-10-17", "2026-11-03"), ["10-19 06:30Z", "10-26 07:30Z", "11-02 07:30Z"]);
    let south = times("2026-03-30T09:30", "Australia/Sydney", "FREQ=WEEKLY");
    assert_eq!(held(&south, "2026-03-29", "2026-04-13"), ["03-29 22:30Z", "04-05 23:30Z", "04-12 23:30Z"]);
}

#[test]
fn a_time_that_does_not_exist_is_later_and_of_one_that_exists_twice_the_first_counts() {
    // In Berlin clocks went from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
    let daily = times("2026-03-28T02:30", "Europe/Berlin", "FREQ=DAILY");
    assert_eq!(held(&daily, "2026-03-28", "2026-03-31"), ["03-28 01:30Z", "03-29 01:30Z", "03-30 00:30Z"]);
    assert_eq!(held(&daily, "2026-10-24", "2026-10-27"), ["10-24 00:30Z", "10-25 00:30Z", "10-26 01:30Z"]);
    let twice = times("2026-03-28T02:30", "Europe/Berlin", "FREQ=DAILY;BYHOUR=2,3");
    assert_eq!(held(&twice, "2026-03-29", "2026-03-30"), ["03-29 01:30Z"], "two beginnings became one");
    let thirds = times("2026-03-28T02:45", "Europe/Berlin", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,45");
    let sorted = ["03-29 01:00Z", "03-29 01:45Z"];
    assert_eq!(held(&thirds, "2026-03-29", "2026-03-30"), sorted, "and they are in the order of time");
}

#[test]
fn rules_are_those_of_rfc_5545() {
    for (start, rule, expected) in [
        ("2026-01-05T09:00", "FREQ=DAILY;COUNT=3", vec!["2026-01-05", "2026-01-06", "2026-01-07"]),
        (
            "2026-01-05T09:00",
            "FREQ=DAILY;INTERVAL=10;UNTIL=20260125T090000",
            vec!["2026-01-05", "2026-01-15", "2026-01-25"],
        ),
        (
            "2026-01-05T09:00",
            "FREQ=DAILY;INTERVAL=10;UNTIL=20260125T070000Z",
            vec!["2026-01-05", "2026-01-15", "2026-01-25"],
        ),
        (
            "2026-01-05T09:00",
            "FREQ=DAILY;INTERVAL=10;UNTIL=20260125T065959Z",
            vec!["2026-01-05", "2026-01-15"],
        ),
        (
            "2026-01-05T09:00",
            "FREQ=DAILY;INTERVAL=10;UNTIL=20260125",
            vec!["2026-01-05", "2026-01-15", "2026-01-25"],
        ),
        (
            "2026-01-05T09:00",
            "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4",
            vec!["2026-01-05", "2026-01-08", "2026-01-12", "2026-01-15"],
        ),
        (
            "2026-01-06T09:00",
            "RRULE:freq=weekly;interval=2;wkst=su;byday=tu,su;count=4",
            vec!["2026-01-06", "2026-01-18", "2026-01-20", "2026-02-01"],
        ),
        ("2026-01-31T09:00", "FREQ=MONTHLY;COUNT=3", vec!["2026-01-31", "2026-03-31", "2026-05-31"]),
        (
            "2026-01-31T09:00",
            "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
            vec!["2026-01-31", "2026-02-28", "2026-03-31"],
        ),
        (
            "2026-01-06T09:00",
            "FREQ=MONTHLY;BYDAY=1TU;COUNT=3",
            vec!["2026-01-06", "2026-02-03", "2026-03-03"],
        ),
        (
            "2026-01-30T09:00",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
            vec!["2026-01-30", "2026-02-27", "2026-03-31"],
        ),
        ("2028-02-29T09:00", "FREQ=YEARLY;COUNT=3", vec!["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("2026-03-29T09:00", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=2", vec!["2026-03-29", "2027-03-28"]),
    ] {
        let expected: Vec<String> = expected.iter().map(|day| format!("{day} 09:00")).collect();
        let most = if rule.contains("UNTIL") { 10 } else { 100 };
        assert_eq!(walls(start, rule, most), expected, "{rule}");
    }
    let hours = walls("2026-01-05T09:00", "FREQ=DAILY;BYHOUR=9,13;BYMINUTE=0,30;COUNT=5", 9);
    assert_eq!(hours[1..], ["2026-01-05 09:30", "2026-01-05 13:00", "2026-01-05 13:30", "2026-01-06 09:00"]);
}

#[test]
fn what_is_left_out_is_not_held_and_counts_all_the_same() {
    let mut weekly = conference("2026-01-05T09:00", "Europe/Bucharest", "FREQ=WEEKLY;COUNT=3");
    weekly.except = vec![wall("2026-01-12T09:00")];
    let times = Times::of(&weekly).expect("times");
    assert_eq!(held(&times, "2026-01-01", "2026-03-01"), ["01-05 07:00Z", "01-19 07:00Z"]);
    assert_eq!(times.over(), Some(at("2026-01-19T08:00:00Z")));
    assert_eq!(check(&weekly, now()).expect("kept").except, weekly.except);
    weekly.except.push(wall("2026-01-13T09:00"));
    assert!(refused(&weekly).contains("2026-01-13T09:00 cannot be left out"), "{}", refused(&weekly));
}

#[test]
#[allow(clippy::disallowed_methods)] // How long it takes is what is promised.
fn what_goes_on_for_ever_is_had_in_bounded_time() {
    let began = Instant::now();
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "FREQ=DAILY;COUNT=10000",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;INTERVAL=1000",
    ] {
        let times = times("1970-01-05T09:00", "Europe/Bucharest", rule);
        assert!(times.between(Timestamp::MIN, Timestamp::MAX, 1_000).len() <= 1_000);
        assert!(times.not_over(now(), 5).len() <= 5);
        assert!(times.between(at("2190-01-01T00:00:00Z"), Timestamp::MAX, 50).len() <= 50);
        let _ = times.over();
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn the_past_is_not_gone_through_and_makes_no_difference() {
    for rule in [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,SU;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR",
        "FREQ=MONTHLY;INTERVAL=5",
        "FREQ=YEARLY;INTERVAL=3;BYWEEKNO=1,53;BYDAY=MO,FR",
        "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=1,-1",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=5",
    ] {
        let times = times("2001-10-31T09:00", "Europe/Bucharest", rule);
        let (from, to) = (at("2026-03-04T11:00:00Z"), at("2036-05-06T00:00:00Z"));
        let whole = times.between(Timestamp::MIN, to, 100_000);
        let whole: Vec<_> = whole.into_iter().filter(|starts| times.ends(*starts) > from).collect();
        assert!(!whole.is_empty(), "{rule}");
        assert_eq!(times.between(from, to, 100_000), whole, "{rule}");
    }
}

#[test]
fn a_mistake_in_a_rule_is_told_with_the_way_out() {
    for (rule, says) in [
        ("FREQ=SECONDLY", "more often than daily"),
        ("FREQ=MINUTELY;COUNT=3", "write FREQ=DAILY;BYHOUR=9,13,17"),
        ("FREQ=WEEKLEY", "did you mean WEEKLY?"),
        ("FREQ=WEEKLY;BYDAYS=MO", "did you mean BYDAY?"),
        ("FREQ=WEEKLY;BYDAY=XX", "cannot be read"),
        ("BYDAY=MO", "has no FREQ"),
        ("every monday", "says nothing"),
        ("FREQ=DAILY;FREQ=DAILY", "says FREQ twice"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20300101", "not both"),
        ("FREQ=DAILY;COUNT=0", "from 1 to 10000"),
        ("FREQ=DAILY;COUNT=10001", "UNTIL=20301231"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 is not from 1"),
        ("FREQ=DAILY;UNTIL=2030", "UNTIL=2030 is no date"),
        ("FREQ=DAILY;BYSECOND=1,2", "leave BYSECOND out"),
        ("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55,58", "26 times a day"),
        ("FREQ=DAILY;BYHOUR=25", "cannot be read"),
        ("FREQ=DAILY\nRDATE:20260101T000000Z", "cannot be read"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never held"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-02-09T09:30 first: say that as the start"),
        ("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=30;COUNT=4", ""),
        (
            "FREQ=DAILY;BYHOUR=9;BYMINUTE=30,45;COUNT=4",
            "begins again at 2026-02-03T09:45 before it has ended",
        ),
    ] {
        let checked = check(&conference("2026-02-03T09:30", "Europe/Bucharest", rule), now());
        match checked {
            Ok(_) => assert_eq!(says, "", "{rule:?}"),
            Err(problem) => assert!(!says.is_empty() && problem.contains(says), "{rule:?}: {problem}"),
        }
    }
}

#[test]
fn a_zone_that_is_none_is_told_with_what_was_meant() {
    for (zone, says) in [
        ("Europe/Bukarest", "did you mean Europe/Bucharest?"),
        ("Bucharest", "did you mean Europe/Bucharest?"),
        ("W. Europe Standard Time", "say Europe/Berlin"),
        ("", "say one, as Europe/Bucharest"),
        ("the moon", "say an IANA name"),
        ("../../etc/passwd", "there is no time zone"),
    ] {
        let problem = refused(&conference("2026-02-03T09:30", zone, ""));
        assert!(problem.contains(says), "{zone:?}: {problem}");
    }
    let kept = check(&conference("2026-02-03T09:30", "europe/bucharest", ""), now()).expect("kept");
    assert_eq!(kept.time_zone, "Europe/Bucharest");
}

#[test]
fn what_is_over_is_not_taken() {
    let once = |start: &str| check(&conference(start, "UTC", ""), now());
    assert!(once("2025-12-31T23:58").unwrap_err().contains("is past; say a later start"));
    assert!(once("2025-12-31T23:59:30").is_ok(), "it was written for now");
    assert!(check(&conference("2020-01-06T09:30", "UTC", "FREQ=WEEKLY"), now()).is_ok(), "it goes on");
    let over = refused(&conference("2020-01-06T09:30", "UTC", "FREQ=WEEKLY;UNTIL=20251231"));
    assert!(over.contains("the last time was before now"), "{over}");
    let mut none = conference("2026-02-03T09:30", "UTC", "");
    none.except.push(none.start);
    assert!(refused(&none).contains("every beginning is left out"));
    assert!(refused(&conference("1500-01-01T00:00", "UTC", "")).contains("say a year from 1970 to 2199"));
    assert!(refused(&conference("-009999-01-01T00:00", "UTC", "FREQ=DAILY")).contains("say a year"));
}

#[test]
fn names_of_rooms_are_plain() {
    assert_eq!(room("conf/800").as_deref(), Ok("800"));
    assert_eq!(room(" sales.weekly-1_b ").as_deref(), Ok("sales.weekly-1_b"));
    for bad in ["", "conf/", "conf/conf/800", "a b", "a:b", "käse", "a\nb", &"x".repeat(65), "%%"] {
        assert!(room(bad).is_err(), "{bad:?}");
    }
    assert!(room(&"x".repeat(64)).is_ok());
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let who = |number: &str, name: &str| NewParticipant {
        number: number.to_owned(),
        username: None,
        name: name.to_owned(),
        organizer: false,
        call: true,
    };
    let bad = NewConference {
        room: "big hall".to_owned(),
        minutes: 100_000,
        pin: Some(Pin::new("1234567890123")),
        organizer_pin: Some(Pin::new("12a4")),
        participants: vec![
            who("101", "Ann"),
            who("", "Ben"),
            who("1 01", ""),
            who("1;2", "Cy"),
            who("5+5", ""),
        ],
        ..conference("2026-02-03T09:30", "Nowhere/Land", "")
    };
    insta::assert_snapshot!(refused(&bad), @r#"
    "big hall" is no name of a room: it is of letters, digits and - _ . as 800 or sales-weekly
    there is no time zone "Nowhere/Land": say an IANA name, as Europe/Bucharest or UTC
    participant 2 (Ben) has no number: say the number they call from and are called at
    participant 3 (1 01) has the number of participant 1 (Ann): leave one out
    participant 4 (Cy) has a number that cannot be called, "1;2": it is of letters, digits and + * # - _ .
    participant 5 (5+5) has a + inside their number, "5+5"
    the PIN of organizers is not of 4 to 12 digits
    the PIN is not of 4 to 12 digits
    a conference of 100000 minutes is not held: say from 1 to 1440
    "#);
    let same = NewConference {
        pin: Some(Pin::new("4711")),
        organizer_pin: Some(Pin::new("4711")),
        ..conference("2026-02-03T09:30", "UTC", "")
    };
    assert!(refused(&same).contains("organizers have the PIN of everybody else"));
    let good = NewConference {
        participants: vec![who("+40 (21) 555-0101", " Ann\n"), who("alice.b", "")],
        ..conference("2026-02-03T09:30", "UTC", "")
    };
    let kept = check(&good, now()).expect("kept").participants;
    assert_eq!(kept, [who("+40215550101", "Ann"), who("alice.b", "")]);
}

fn rules() -> impl Strategy<Value = String> {
    let days = proptest::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..=4);
    let hours = proptest::sample::subsequence(vec!["0", "2", "3", "9", "23"], 1..=3);
    let end = prop_oneof![Just(String::new()), (1..60u32).prop_map(|count| format!(";COUNT={count}"))];
    let freq = proptest::sample::select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    (freq, 1..5u32, proptest::option::of(days), proptest::option::of(hours), end).prop_map(
        |(freq, interval, days, hours, end)| {
            let days = days.map(|days| format!(";BYDAY={}", days.join(","))).unwrap_or_default();
            let hours = hours.map(|hours| format!(";BYHOUR={}", hours.join(","))).unwrap_or_default();
            format!("FREQ={freq};INTERVAL={interval}{days}{hours}{end}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// To ask for a time in two parts is to ask for it at once.
    #[test]
    fn parts_make_the_whole(
        rule in rules(),
        zone in proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        start in 0..700i64,
        mut cuts in [0..60_000_000i64, 0..60_000_000, 0..60_000_000],
    ) {
        cuts.sort_unstable();
        let first: Date = "2025-01-01".parse().expect("a day");
        let day = first.checked_add(start.days()).expect("a day");
        let times = times(&format!("{day}T02:30"), zone, &rule);
        let [a, b, c] = cuts.map(|cut| at("2025-06-01T00:00:00Z").checked_add(cut.seconds()).expect("a moment"));
        let begun = |from: Timestamp, to: Timestamp| {
            let mut held = times.between(from, to, 10_000);
            held.retain(|starts| *starts >= from);
            held
        };
        let whole = begun(a, c);
        prop_assert_eq!(&[begun(a, b), begun(b, c)].concat(), &whole);
        prop_assert!(whole.is_sorted());
        let mut asked = times.between(a, c, 10_000);
        prop_assert!(asked.iter().all(|starts| *starts < c && times.ends(*starts) > a));
        asked.truncate(3);
        prop_assert_eq!(times.between(a, c, 3), asked);
    }

    /// Days by a rule are those that a plain count of days gives.
    #[test]
    fn days_and_weeks_are_counted_as_people_do(interval in 1..9i64, weekly: bool, start in 0..400i64, look in 0..4000i64) {
        let first: Date = "2025-01-01".parse().expect("a day");
        let day = first.checked_add(start.days()).expect("a day");
        let (freq, days) = if weekly { ("WEEKLY", 7 * interval) } else { ("DAILY", interval) };
        let times = times(&format!("{day}T09:30"), "Europe/Bucharest", &format!("FREQ={freq};INTERVAL={interval}"));
        let (from, to) = (day.checked_add(look.days()).expect("a day"), day.checked_add((look + 40).days()).expect("a day"));
        let moment = |day: Date| day.to_zoned(jiff::tz::TimeZone::get("Europe/Bucharest").expect("a zone")).expect("a time");
        let found = times.between(moment(from).timestamp(), moment(to).timestamp(), 100);
        let counted: Vec<Timestamp> = (0..)
            .map(|n| day.checked_add((n * days).days()).expect("a day"))
            .take_while(|day| *day < to)
            .filter(|day| *day >= from)
            .map(|day| day.at(9, 30, 0, 0).in_tz("Europe/Bucharest").expect("a time").timestamp())
            .collect();
        prop_assert_eq!(found, counted);
    }
}
