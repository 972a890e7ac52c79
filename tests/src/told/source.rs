//! Who tells the machine who it is.

use crate::error::Result;
use crate::lab::Lab;
use crate::machine::MachineSpec;

/// A source of first-boot data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Nobody.
    None,
    /// A volume labelled `cidata`.
    NoCloudMedium,
    /// A URL in the SMBIOS serial number.
    NoCloudHttp,
    /// A volume labelled `config-2`.
    ConfigDrive,
    /// OpenStack's metadata service.
    OpenStack,
    /// EC2's, with session tokens.
    Ec2,
}

impl Source {
    /// Each.
    pub const ALL: [Self; 6] =
        [Self::None, Self::NoCloudMedium, Self::NoCloudHttp, Self::ConfigDrive, Self::OpenStack, Self::Ec2];

    /// cloud-init's name of it, as its status has it.
    pub(super) const fn datasource(self) -> &'static str {
        match self {
            Self::None => "",
            Self::NoCloudMedium | Self::NoCloudHttp => "DataSourceNoCloud",
            Self::ConfigDrive => "DataSourceConfigDrive",
            Self::OpenStack => "DataSourceOpenStack",
            Self::Ec2 => "DataSourceEc2",
        }
    }

    pub(super) const fn is_metadata_service(self) -> bool {
        matches!(self, Self::OpenStack | Self::Ec2)
    }

    /// Plugs the volume in, or makes the machine look like one of that cloud.
    pub(super) fn plug(self, lab: &Lab, node: &str, spec: &mut MachineSpec) -> Result<()> {
        let volume = |kind: &str| {
            let path = lab.directory().join("seed.iso");
            lab.provisioner().command(&["seed", kind, node, "--to", &path.to_string_lossy()])?;
            Ok(Some(path))
        };
        match self {
            Self::None => {}
            Self::NoCloudMedium => spec.medium = volume("iso")?,
            Self::ConfigDrive => spec.medium = volume("configdrive")?,
            Self::NoCloudHttp => {
                let url = lab.provisioner().command(&["seed", "url", node, "--step", "day1"])?;
                spec.smbios = Some(format!("serial=ds=nocloud-net;s={}", url.trim()));
            }
            Self::OpenStack => spec.smbios = Some("product=OpenStack Nova".to_owned()),
            // AWS: UUID and serial number are the same and begin with ec2 ("Identify EC2 instances").
            Self::Ec2 => {
                spec.uuid.replace_range(..3, "ec2");
                spec.smbios = Some(format!("manufacturer=Amazon EC2,serial={}", spec.uuid));
            }
        }
        Ok(())
    }
}
