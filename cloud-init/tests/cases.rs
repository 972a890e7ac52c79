//! Runs every folder of `testcases`: `input/{day1,identity}.yaml` must give exactly the files of `expected/`, or the
//! message of `expected/error`.
//!
//! `DAYBREAK_BLESS=1 cargo test -p daybreak-cloud-init --test cases` writes `expected/` anew; read the difference before
//! you commit it.

mod common;

use daybreak_cloud_init::NoCloudFile;

#[test]
fn every_case_renders_as_expected() {
    let bless = std::env::var_os("DAYBREAK_BLESS").is_some();
    for (name, folder) in common::cases() {
        let got: Vec<(&str, String)> = match common::render_case(&folder) {
            Ok(seed) => NoCloudFile::ALL.map(|file| (file.name(), seed.file(file).to_owned())).into(),
            Err(error) => vec![("error", format!("{error}\n"))],
        };
        for (file, text) in got {
            let path = folder.join("expected").join(file);
            if bless {
                std::fs::write(&path, &text).unwrap();
            }
            let expected = std::fs::read_to_string(&path)
                .unwrap_or_else(|e| panic!("{name}: printed {file}, but {}: {e}\n{text}", path.display()));
            assert_eq!(text, expected, "case {name}, file {file}");
        }
    }
}
