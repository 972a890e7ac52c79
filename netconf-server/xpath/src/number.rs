//! Numbers as XPath reads, writes and rounds them (XPath 1.0 §4.2, §4.4).

/// The number that a text holds, else not-a-number. Only digits, one point and one minus count: no exponent, no plus.
pub(crate) fn parse(text: &str) -> f64 {
    let text = text.trim_matches(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    let digits = text.strip_prefix('-').unwrap_or(text);
    let well_formed = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit());
    if well_formed { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// Text of a number: never an exponent, and no more digits than tell it from its neighbours.
pub(crate) fn text(number: f64) -> String {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".into() } else { "-Infinity".into() }
    } else if number == 0.0 {
        // Negative zero is written as zero.
        "0".into()
    } else {
        number.to_string()
    }
}

/// The nearest integer; of two that are as near, the greater.
pub(crate) fn round(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { number.ceil() } else { floor.copysign(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_what_xpath_reads() {
        for (input, expected) in
            [("12", 12.0), (" -0.5\n", -0.5), (".5", 0.5), ("5.", 5.0), ("0012", 12.0), ("-.0", -0.0)]
        {
            assert_eq!(parse(input).to_bits(), f64::to_bits(expected), "{input}");
        }
        for input in ["", " ", "+1", "1e3", "0x10", "--1", "- 1", ".", "-", "1.2.3", "Infinity", "NaN", "1 2"]
        {
            assert!(parse(input).is_nan(), "{input}");
        }
    }

    #[test]
    fn writes_without_exponent() {
        for (number, expected) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(number), expected);
        }
    }

    #[test]
    fn rounds_halves_up() {
        for (number, expected) in [
            (2.5, 3.0),
            (-2.5, -2.0),
            (-0.2, -0.0),
            (-0.5, -0.0),
            (0.499_999_999_999_999_94, 0.0),
            (1.4, 1.0),
            (-1.6, -2.0),
            (f64::INFINITY, f64::INFINITY),
        ] {
            assert_eq!(round(number).to_bits(), f64::to_bits(expected), "{number}");
        }
        assert!(round(f64::NAN).is_nan());
    }
}
