//! Generates the protocol's types from its `.proto` file, without `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = "proto/daybreak/control/v1/control.proto";
    println!("cargo::rerun-if-changed={file}");
    let descriptors = protox::compile([file], ["proto"])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
