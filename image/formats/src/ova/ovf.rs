//! The descriptor of an appliance with one disk (DSP0243 1.1; elements in the order that its schema DSP8023 has them, which
//! for `rasd:` and `vssd:` is the alphabet's).

use crate::FormatError;

/// Firmware of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// BIOS.
    Bios,
    /// UEFI.
    Efi,
}

/// The disk controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// VMware's paravirtual one.
    ParavirtualScsi,
    /// LSI Logic's, for what does not know the other.
    LsiLogic,
}

impl Controller {
    const fn sub_type(self) -> &'static str {
        match self {
            Self::ParavirtualScsi => "VirtualSCSI",
            Self::LsiLogic => "lsilogic",
        }
    }
}

/// The disk, as [`crate::write_vmdk`] made it.
#[derive(Clone, Copy, Debug)]
pub struct OvfDisk<'a> {
    /// Name of the VMDK in the package.
    pub file_name: &'a str,
    /// Bytes of the file.
    pub file_size: u64,
    /// Bytes of the disk.
    pub capacity: u64,
    /// Bytes of the disk that are not zeroes.
    pub populated: u64,
}

/// The appliance.
#[derive(Clone, Copy, Debug)]
pub struct OvfSpec<'a> {
    /// Name of the appliance and, with `.ovf`, of the descriptor: letters, digits, `-`, `_` and `.`.
    pub name: &'a str,
    /// Product, for the one who imports it.
    pub product: &'a str,
    /// Its vendor.
    pub vendor: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Processors.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Firmware.
    pub firmware: Firmware,
    /// Disk controller.
    pub controller: Controller,
    /// Names of the networks, one adapter each; the first one is the management's.
    pub networks: &'a [&'a str],
    /// Version of the virtual hardware (`vmx-15` is ESXi 6.7 U2).
    pub hardware_version: u32,
}

const NAMESPACES: &str = r#"xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData""#;
/// What the format of the disk is called.
pub(crate) const STREAM_OPTIMIZED: &str =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
/// CIM's number of "Linux, 64 bit".
const LINUX_64: u32 = 101;

/// Properties that cloud-init's OVF data source reads: key, label, what it says, value when nobody gives one. There is no
/// password among them: whoever can read the machine's settings could read it.
const PROPERTIES: [(&str, &str, &str, &str); 5] = [
    (
        "instance-id",
        "Instance",
        "Another value makes the appliance take its first-boot data once more.",
        "id-ovf",
    ),
    ("hostname", "Host name", "Name of the appliance.", ""),
    ("public-keys", "SSH public key", "A key that may log in, as in authorized_keys.", ""),
    ("network-config", "Network", "Network configuration of cloud-init, version 1 or 2, in base64.", ""),
    ("user-data", "User data", "User data of cloud-init, in base64.", ""),
];

/// Text of the descriptor.
///
/// # Errors
/// [`FormatError::Text`] for a name that is not one of a file or an identifier; [`FormatError::Size`] when there is no disk.
pub fn descriptor(spec: &OvfSpec<'_>, disk: &OvfDisk<'_>) -> Result<String, FormatError> {
    plain("name of the appliance", spec.name)?;
    plain("name of the disk", disk.file_name)?;
    if disk.capacity == 0 || disk.file_size == 0 {
        return Err(FormatError::Size {
            format: "OVF",
            size: disk.capacity,
            reason: "there is nothing on it",
        });
    }
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Envelope {NAMESPACES}>\n");
    xml.push_str(&format!(
        "  <References>\n    <File ovf:href=\"{}\" ovf:id=\"file1\" ovf:size=\"{}\"/>\n  </References>\n",
        disk.file_name, disk.file_size
    ));
    xml.push_str(&format!(
        "  <DiskSection>\n    <Info>Virtual disks</Info>\n    <Disk ovf:capacity=\"{}\" \
         ovf:capacityAllocationUnits=\"byte\" ovf:diskId=\"disk1\" ovf:fileRef=\"file1\" ovf:format=\"{STREAM_OPTIMIZED}\" \
         ovf:populatedSize=\"{}\"/>\n  </DiskSection>\n",
        disk.capacity, disk.populated
    ));
    xml.push_str("  <NetworkSection>\n    <Info>Networks</Info>\n");
    for network in spec.networks {
        let network = escaped(network);
        xml.push_str(&format!(
            "    <Network ovf:name=\"{network}\">\n      <Description>{network}</Description>\n    </Network>\n"
        ));
    }
    xml.push_str("  </NetworkSection>\n");
    xml.push_str(&format!(
        "  <VirtualSystem ovf:id=\"{name}\">\n    <Info>{product}</Info>\n    <Name>{name}</Name>\n    \
         <OperatingSystemSection ovf:id=\"{LINUX_64}\" vmw:osType=\"debian12_64Guest\">\n      <Info>Operating system</Info>\n    \
         </OperatingSystemSection>\n",
        name = spec.name,
        product = escaped(spec.product),
    ));
    xml.push_str(&hardware(spec));
    xml.push_str(&product(spec));
    xml.push_str("  </VirtualSystem>\n</Envelope>\n");
    Ok(xml)
}

/// An `Item`: its `rasd:` elements, which have to come in the order of the alphabet.
fn item(attributes: &str, elements: &[(&str, String)], config: &[(&str, &str)]) -> String {
    let mut xml = format!("      <Item{attributes}>\n");
    for (name, value) in elements {
        xml.push_str(&format!("        <rasd:{name}>{}</rasd:{name}>\n", escaped(value)));
    }
    for (key, value) in config {
        xml.push_str(&format!("        {}\n", vmw_config(key, value)));
    }
    xml.push_str("      </Item>\n");
    xml
}

fn vmw_config(key: &str, value: &str) -> String {
    format!("<vmw:Config ovf:required=\"false\" vmw:key=\"{key}\" vmw:value=\"{value}\"/>")
}

fn hardware(spec: &OvfSpec<'_>) -> String {
    let text = |value: &str| value.to_owned();
    let mut xml = format!(
        "    <VirtualHardwareSection ovf:transport=\"iso com.vmware.guestInfo\">\n      <Info>Virtual hardware</Info>\n      \
         <System>\n        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>\n        \
         <vssd:InstanceID>0</vssd:InstanceID>\n        \
         <vssd:VirtualSystemIdentifier>{}</vssd:VirtualSystemIdentifier>\n        \
         <vssd:VirtualSystemType>vmx-{}</vssd:VirtualSystemType>\n      </System>\n",
        spec.name, spec.hardware_version
    );
    xml.push_str(&item(
        "",
        &[
            ("AllocationUnits", text("hertz * 10^6")),
            ("Description", text("Number of virtual processors")),
            ("ElementName", format!("{} virtual CPU(s)", spec.cpus)),
            ("InstanceID", text("1")),
            ("ResourceType", text("3")),
            ("VirtualQuantity", spec.cpus.to_string()),
        ],
        &[],
    ));
    xml.push_str(&item(
        "",
        &[
            ("AllocationUnits", text("byte * 2^20")),
            ("Description", text("Memory")),
            ("ElementName", format!("{} MB of memory", spec.memory_mib)),
            ("InstanceID", text("2")),
            ("ResourceType", text("4")),
            ("VirtualQuantity", spec.memory_mib.to_string()),
        ],
        &[],
    ));
    xml.push_str(&item(
        "",
        &[
            ("Address", text("0")),
            ("Description", text("SCSI controller")),
            ("ElementName", text("SCSI controller 0")),
            ("InstanceID", text("3")),
            ("ResourceSubType", text(spec.controller.sub_type())),
            ("ResourceType", text("6")),
        ],
        &[],
    ));
    xml.push_str(&item(
        "",
        &[
            ("Address", text("0")),
            ("Description", text("IDE controller")),
            ("ElementName", text("IDE 0")),
            ("InstanceID", text("4")),
            ("ResourceType", text("5")),
        ],
        &[],
    ));
    // The transport `iso` needs a drive to put its medium in.
    xml.push_str(&item(
        " ovf:required=\"false\"",
        &[
            ("AddressOnParent", text("0")),
            ("AutomaticAllocation", text("false")),
            ("ElementName", text("CD/DVD drive 1")),
            ("InstanceID", text("5")),
            ("Parent", text("4")),
            ("ResourceSubType", text("vmware.cdrom.remotepassthrough")),
            ("ResourceType", text("15")),
        ],
        &[],
    ));
    xml.push_str(&item(
        "",
        &[
            ("AddressOnParent", text("0")),
            ("ElementName", text("Hard disk 1")),
            ("HostResource", text("ovf:/disk/disk1")),
            ("InstanceID", text("6")),
            ("Parent", text("3")),
            ("ResourceType", text("17")),
        ],
        &[],
    ));
    for (number, network) in spec.networks.iter().enumerate() {
        xml.push_str(&item(
            "",
            &[
                ("AddressOnParent", (number + 7).to_string()),
                ("AutomaticAllocation", text("true")),
                ("Connection", text(network)),
                ("Description", format!("VmxNet3 adapter on {network}")),
                ("ElementName", format!("Network adapter {}", number + 1)),
                ("InstanceID", (number + 7).to_string()),
                ("ResourceSubType", text("VmxNet3")),
                ("ResourceType", text("10")),
            ],
            &[],
        ));
    }
    let firmware = match spec.firmware {
        Firmware::Bios => "bios",
        Firmware::Efi => "efi",
    };
    let mut config = vec![("firmware", firmware)];
    if spec.firmware == Firmware::Efi {
        config.push(("bootOptions.efiSecureBootEnabled", "false"));
    }
    config.push(("tools.toolsUpgradePolicy", "manual"));
    for (key, value) in config {
        xml.push_str(&format!("      {}\n", vmw_config(key, value)));
    }
    xml.push_str("    </VirtualHardwareSection>\n");
    xml
}

fn product(spec: &OvfSpec<'_>) -> String {
    let version = escaped(spec.version);
    let mut xml = format!(
        "    <ProductSection>\n      <Info>The appliance</Info>\n      <Product>{}</Product>\n      \
         <Vendor>{}</Vendor>\n      <Version>{version}</Version>\n      <FullVersion>{version}</FullVersion>\n",
        escaped(spec.product),
        escaped(spec.vendor),
    );
    for (key, label, description, value) in PROPERTIES {
        xml.push_str(&format!(
            "      <Property ovf:key=\"{key}\" ovf:type=\"string\" ovf:userConfigurable=\"true\" ovf:value=\"{value}\">\n        \
             <Label>{label}</Label>\n        <Description>{description}</Description>\n      </Property>\n"
        ));
    }
    xml.push_str("    </ProductSection>\n");
    xml
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn plain(field: &'static str, text: &str) -> Result<(), FormatError> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 90 || text.starts_with('.') || !text.chars().all(good) {
        let reason = "1 to 90 of A-Z a-z 0-9 - _ . are needed, the first one not a point";
        return Err(FormatError::Text { field, text: text.to_owned(), reason });
    }
    Ok(())
}
