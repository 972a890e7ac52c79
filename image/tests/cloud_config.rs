//! The image's cloud-init configuration, judged by cloud-init itself.

use std::process::Command;

#[test]
fn cloud_init_finds_no_fault_in_the_configuration_of_the_image() {
    let crate_dir = env!("CARGO_MANIFEST_DIR");
    let setup = Command::new(format!("{crate_dir}/../tests/setup/cloud-init.sh")).output().unwrap();
    assert!(setup.status.success(), "{setup:?}");
    let program = String::from_utf8(setup.stdout).unwrap();
    let text = std::fs::read_to_string(format!("{crate_dir}/files/etc/cloud/cloud.cfg")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("#cloud-config\n{text}")).unwrap();
    let output = Command::new(program.trim()).args(["schema", "-c"]).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
