//! Columns of text.

/// Rows under a header, columns two blanks apart; nothing without rows.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut widths: Vec<usize> = header.iter().map(|name| name.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A number of bytes, packets or seconds with a unit that keeps it short.
pub(super) fn short_number(text: &str) -> String {
    let Ok(number) = text.parse::<u64>() else { return text.to_owned() };
    let units = [("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000)];
    // Exact up to five digits: those are read, larger ones are compared.
    match units.iter().find(|(_, size)| number >= *size).filter(|_| number >= 100_000) {
        Some((unit, size)) => format!("{}.{}{unit}", number / size, number % size * 10 / size),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [vec!["p0".to_owned(), "up".to_owned()], vec!["management".to_owned(), String::new()]];
        assert_eq!(table(&["name", "state"], &rows), "name        state\np0          up\nmanagement\n");
        assert_eq!(table(&["name"], &[]), "");
    }

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            ("0", "0"),
            ("99999", "99999"),
            ("100000", "100.0k"),
            ("1099511627776", "1.0T"),
            ("2560000000", "2.5G"),
            ("x", "x"),
        ] {
            assert_eq!(short_number(number), expected);
        }
    }
}
