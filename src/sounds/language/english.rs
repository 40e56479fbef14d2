//! English: "one hundred and twenty-three thousand four hundred and five".

use super::Language;
use crate::sounds::Phrase;

pub(super) static ENGLISH: Language = Language {
    number,
    units: [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ],
    tens: ["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
    joints: &[("hundred", "hundred", None), ("thousand", "thousand", None), ("and", "and", None)],
    signs: ["star", "pound", "plus"],
    phrase: Phrase::english,
};

fn number(number: u32) -> Vec<String> {
    let (thousands, rest) = (number / 1000, number % 1000);
    let mut files = Vec::new();
    if thousands > 0 {
        below_thousand(thousands, &mut files);
        files.push("thousand".to_owned());
        if (1..100).contains(&rest) {
            files.push("and".to_owned());
        }
    }
    if rest > 0 || thousands == 0 {
        below_thousand(rest, &mut files);
    }
    files
}

fn below_thousand(number: u32, files: &mut Vec<String>) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        files.extend([hundreds.to_string(), "hundred".to_owned()]);
        if rest == 0 {
            return;
        }
        files.push("and".to_owned());
    }
    if rest <= 20 || rest % 10 == 0 {
        files.push(rest.to_string());
    } else {
        files.extend([(rest - rest % 10).to_string(), (rest % 10).to_string()]);
    }
}
