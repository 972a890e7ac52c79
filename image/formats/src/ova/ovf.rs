//! The descriptor of an appliance with one disk (DSP0243 1.1; elements in the order that its schema DSP8023 has them, which
//! for `rasd:` and `vssd:` is the alphabet's).

use super::xml::Xml;
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
    /// Version of the virtual hardware (`vmx-15` is that of ESXi 6.7 U2).
    pub hardware_version: u32,
}

/// Namespaces of the descriptor, by prefix; OVF's is also the one without.
const NAMESPACES: [(&str, &str); 5] = [
    ("xmlns", "http://schemas.dmtf.org/ovf/envelope/1"),
    ("xmlns:ovf", "http://schemas.dmtf.org/ovf/envelope/1"),
    ("xmlns:rasd", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"),
    ("xmlns:vmw", "http://www.vmware.com/schema/ovf"),
    ("xmlns:vssd", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"),
];
/// What the format of the disk is called.
const STREAM_OPTIMIZED: &str = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
/// CIM's number of "Linux, 64 bit".
const LINUX_64: &str = "101";
/// First `InstanceID` and `AddressOnParent` of the network adapters.
const FIRST_ADAPTER: usize = 7;

/// Properties that cloud-init's OVF data source reads: key, label, what it says, value when nobody gives one. There is no
/// password among them: whoever can read the machine's settings could read it.
const PROPERTIES: [[&str; 4]; 5] = [
    [
        "instance-id",
        "Instance",
        "Another value makes the appliance take its first-boot data once more.",
        "id-ovf",
    ],
    ["hostname", "Host name", "Name of the appliance.", ""],
    ["public-keys", "SSH public key", "A key that may log in, as in authorized_keys.", ""],
    [
        "network-config",
        "Network",
        "Network configuration of cloud-init under the key network, in base64.",
        "",
    ],
    ["user-data", "User data", "User data of cloud-init, in base64.", ""],
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
    let (size, capacity) = (disk.file_size.to_string(), disk.capacity.to_string());
    let mut xml = Xml::new();
    xml.within("Envelope", &NAMESPACES, |xml| {
        xml.within("References", &[], |xml| {
            xml.leaf("File", &[("ovf:href", disk.file_name), ("ovf:id", "file1"), ("ovf:size", &size)], "");
        });
        xml.within("DiskSection", &[], |xml| {
            xml.leaf("Info", &[], "Virtual disks");
            let attributes = [
                ("ovf:capacity", capacity.as_str()),
                ("ovf:capacityAllocationUnits", "byte"),
                ("ovf:diskId", "disk1"),
                ("ovf:fileRef", "file1"),
                ("ovf:format", STREAM_OPTIMIZED),
            ];
            xml.leaf("Disk", &attributes, "");
        });
        xml.within("NetworkSection", &[], |xml| {
            xml.leaf("Info", &[], "Networks");
            for name in spec.networks {
                xml.within("Network", &[("ovf:name", name)], |xml| xml.leaf("Description", &[], name));
            }
        });
        xml.within("VirtualSystem", &[("ovf:id", spec.name)], |xml| {
            xml.leaf("Info", &[], spec.product);
            xml.leaf("Name", &[], spec.name);
            let system = [("ovf:id", LINUX_64), ("vmw:osType", "debian12_64Guest")];
            xml.within("OperatingSystemSection", &system, |xml| xml.leaf("Info", &[], "Operating system"));
            let transport = [("ovf:transport", "iso com.vmware.guestInfo")];
            xml.within("VirtualHardwareSection", &transport, |xml| hardware(xml, spec));
            xml.within("ProductSection", &[], |xml| product(xml, spec));
        });
    });
    Ok(xml.finish())
}

fn hardware(xml: &mut Xml, spec: &OvfSpec<'_>) {
    xml.leaf("Info", &[], "Virtual hardware");
    xml.within("System", &[], |xml| {
        xml.leaf("vssd:ElementName", &[], "Virtual Hardware Family");
        xml.leaf("vssd:InstanceID", &[], "0");
        xml.leaf("vssd:VirtualSystemIdentifier", &[], spec.name);
        xml.leaf("vssd:VirtualSystemType", &[], &format!("vmx-{}", spec.hardware_version));
    });
    let (cpus, memory) = (spec.cpus.to_string(), spec.memory_mib.to_string());
    item(
        xml,
        &[
            ("AllocationUnits", "hertz * 10^6"),
            ("Description", "Number of virtual processors"),
            ("ElementName", &format!("{cpus} virtual CPU(s)")),
            ("InstanceID", "1"),
            ("ResourceType", "3"),
            ("VirtualQuantity", &cpus),
        ],
    );
    item(
        xml,
        &[
            ("AllocationUnits", "byte * 2^20"),
            ("Description", "Memory"),
            ("ElementName", &format!("{memory} MB of memory")),
            ("InstanceID", "2"),
            ("ResourceType", "4"),
            ("VirtualQuantity", &memory),
        ],
    );
    storage(xml, spec.controller);
    for (number, network) in spec.networks.iter().enumerate() {
        let place = (number + FIRST_ADAPTER).to_string();
        item(
            xml,
            &[
                ("AddressOnParent", &place),
                ("AutomaticAllocation", "true"),
                ("Connection", network),
                ("Description", &format!("VmxNet3 adapter on {network}")),
                ("ElementName", &format!("Network adapter {}", number + 1)),
                ("InstanceID", &place),
                ("ResourceSubType", "VmxNet3"),
                ("ResourceType", "10"),
            ],
        );
    }
    let firmware = match spec.firmware {
        Firmware::Bios => "bios",
        Firmware::Efi => "efi",
    };
    for (key, value) in [("firmware", firmware), ("tools.toolsUpgradePolicy", "manual")] {
        let attributes = [("ovf:required", "false"), ("vmw:key", key), ("vmw:value", value)];
        xml.leaf("vmw:Config", &attributes, "");
    }
}

/// The disk on its controller, and a CD drive on another: the transport `iso` needs one to put its medium in.
fn storage(xml: &mut Xml, controller: Controller) {
    item(
        xml,
        &[
            ("Address", "0"),
            ("Description", "SCSI controller"),
            ("ElementName", "SCSI controller 0"),
            ("InstanceID", "3"),
            ("ResourceSubType", controller.sub_type()),
            ("ResourceType", "6"),
        ],
    );
    item(
        xml,
        &[
            ("Address", "0"),
            ("Description", "IDE controller"),
            ("ElementName", "IDE 0"),
            ("InstanceID", "4"),
            ("ResourceType", "5"),
        ],
    );
    xml.within("Item", &[("ovf:required", "false")], |xml| {
        elements(
            xml,
            &[
                ("AddressOnParent", "0"),
                ("AutomaticAllocation", "false"),
                ("ElementName", "CD/DVD drive 1"),
                ("InstanceID", "5"),
                ("Parent", "4"),
                ("ResourceSubType", "vmware.cdrom.remotepassthrough"),
                ("ResourceType", "15"),
            ],
        );
    });
    item(
        xml,
        &[
            ("AddressOnParent", "0"),
            ("ElementName", "Hard disk 1"),
            ("HostResource", "ovf:/disk/disk1"),
            ("InstanceID", "6"),
            ("Parent", "3"),
            ("ResourceType", "17"),
        ],
    );
}

fn item(xml: &mut Xml, list: &[(&str, &str)]) {
    xml.within("Item", &[], |xml| elements(xml, list));
}

fn elements(xml: &mut Xml, list: &[(&str, &str)]) {
    for (name, value) in list {
        xml.leaf(&format!("rasd:{name}"), &[], value);
    }
}

fn product(xml: &mut Xml, spec: &OvfSpec<'_>) {
    for (name, text) in [
        ("Info", "The appliance"),
        ("Product", spec.product),
        ("Vendor", spec.vendor),
        ("Version", spec.version),
        ("FullVersion", spec.version),
    ] {
        xml.leaf(name, &[], text);
    }
    for [key, label, description, value] in PROPERTIES {
        let attributes = [
            ("ovf:key", key),
            ("ovf:type", "string"),
            ("ovf:userConfigurable", "true"),
            ("ovf:value", value),
        ];
        xml.within("Property", &attributes, |xml| {
            xml.leaf("Label", &[], label);
            xml.leaf("Description", &[], description);
        });
    }
}

fn plain(field: &'static str, text: &str) -> Result<(), FormatError> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 90 || text.starts_with('.') || !text.chars().all(good) {
        let reason = "1 to 90 of A-Z a-z 0-9 - _ . are needed, the first one not a point";
        return Err(FormatError::Text { field, text: text.to_owned(), reason });
    }
    Ok(())
}
