//! The descriptor of a package.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Breaches, Rule};
use super::xml::{self, Element};

/// Namespace of OVF 1.x.
const OVF: &str = "http://schemas.dmtf.org/ovf/envelope/1";
const RASD: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData";
const VSSD: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData";

/// `ResourceType` of CIM.
mod resource {
    pub(super) const PROCESSOR: &str = "3";
    pub(super) const MEMORY: &str = "4";
    pub(super) const ETHERNET: &str = "10";
    pub(super) const CD: [&str; 2] = ["15", "16"];
    pub(super) const DISK: &str = "17";
}

/// A file that the descriptor refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileReference {
    /// Its name.
    pub(super) href: String,
    /// Its size, if it is said.
    pub(super) size: Option<u64>,
    /// Capacity of the disk in it, in bytes, if it is one whose capacity is said in bytes or multiples.
    pub(super) capacity: Option<u64>,
}

/// Checks a descriptor and gives the files that it refers to, in its order; `name` is only named in breaches.
pub(super) fn check(name: &str, text: &str, breaches: &mut Breaches) -> Vec<FileReference> {
    let root = match xml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            breaches.add(Rule::Xml, name, error);
            return Vec::new();
        }
    };
    Check { name, breaches, root: &root }.run()
}

/// Every machine, those in collections too; the reader limits the depth.
fn machines<'a>(element: &'a Element, found: &mut Vec<&'a Element>) {
    found.extend(element.all("VirtualSystem"));
    element.all("VirtualSystemCollection").for_each(|inner| machines(inner, found));
}

struct Check<'a> {
    name: &'a str,
    breaches: &'a mut Breaches,
    root: &'a Element,
}

impl Check<'_> {
    fn breach(&mut self, rule: Rule, detail: impl Into<String>) {
        self.breaches.add(rule, self.name, detail);
    }

    fn check(&mut self, good: bool, rule: Rule, detail: impl FnOnce() -> String) {
        self.breaches.check(good, rule, self.name, detail);
    }

    fn run(&mut self) -> Vec<FileReference> {
        let root = self.root;
        if root.name != "Envelope" || root.namespace != OVF {
            let detail = format!("the root is {} of {:?}", root.name, root.namespace);
            self.breach(Rule::Envelope, detail);
            return Vec::new();
        }
        let first = root.children.first().map_or("", |child| child.name.as_str());
        self.check(first == "References", Rule::Envelope, || format!("{first:?} is first in Envelope"));
        let mut systems = Vec::new();
        machines(root, &mut systems);
        let more = root.first("VirtualSystemCollection").is_some() && !systems.is_empty();
        self.check(systems.len() == 1 || more, Rule::Envelope, || format!("{} VirtualSystem", systems.len()));
        let (files, ids) = self.references();
        let disks = self.disks(&files, &ids);
        let networks: BTreeSet<_> = root
            .first("NetworkSection")
            .into_iter()
            .flat_map(|section| section.all("Network"))
            .filter_map(|network| network.attribute("name"))
            .collect();
        for child in root.children.iter().filter(|child| child.name.ends_with("Section")) {
            self.section(child);
        }
        for system in systems {
            self.system(system, &disks, &ids, &networks);
        }
        let mut files = files;
        for (id, capacity) in disks.values() {
            if let Some(file) = ids.get(id).and_then(|place| files.get_mut(*place)) {
                file.capacity = *capacity;
            }
        }
        files
    }

    /// Files in their order, and the place of each by its id.
    fn references(&mut self) -> (Vec<FileReference>, BTreeMap<String, usize>) {
        let mut files: Vec<FileReference> = Vec::new();
        let mut ids = BTreeMap::new();
        for file in self.root.first("References").into_iter().flat_map(|references| references.all("File")) {
            let id = file.attribute("id").unwrap_or_default().to_owned();
            let href = file.attribute("href").unwrap_or_default().to_owned();
            self.check(!href.is_empty(), Rule::References, || format!("File {id:?} has no href"));
            if id.is_empty() || ids.insert(id.clone(), files.len()).is_some() {
                self.breach(Rule::References, format!("the id {id:?} of {href} is not one of its own"));
            }
            let size = file.attribute("size").map(str::parse::<u64>);
            if let Some(Err(_)) = size {
                self.breach(Rule::References, format!("the size of {href} is no number"));
            }
            files.push(FileReference { href, size: size.and_then(Result::ok), capacity: None });
        }
        (files, ids)
    }

    /// Id of the file and capacity in bytes, by id of the disk.
    fn disks(
        &mut self,
        files: &[FileReference],
        ids: &BTreeMap<String, usize>,
    ) -> BTreeMap<String, (String, Option<u64>)> {
        let mut disks = BTreeMap::new();
        for disk in self.root.first("DiskSection").into_iter().flat_map(|section| section.all("Disk")) {
            let id = disk.attribute("diskId").unwrap_or_default().to_owned();
            let reference = disk.attribute("fileRef").unwrap_or_default().to_owned();
            self.check(reference.is_empty() || ids.contains_key(&reference), Rule::Disks, || {
                format!("the fileRef {reference:?} of disk {id:?} is no File")
            });
            let units = disk.attribute("capacityAllocationUnits").unwrap_or("byte");
            let capacity = disk.attribute("capacity").and_then(|text| text.parse::<u64>().ok());
            self.check(capacity.is_some(), Rule::Disks, || format!("disk {id:?} has no number as capacity"));
            let format = disk.attribute("format").unwrap_or_default();
            let known = format.ends_with("vmdk.html#streamOptimized") && format.starts_with("http");
            let in_file = ids.get(&reference).and_then(|place| files.get(*place));
            self.check(known || in_file.is_none(), Rule::DiskFormat, || {
                format!("that of disk {id:?} is {format:?}")
            });
            let bytes = capacity.zip(unit(units)).and_then(|(count, unit)| count.checked_mul(unit));
            self.check(bytes.is_some(), Rule::Disks, || format!("disk {id:?} has the unit {units:?}"));
            if id.is_empty() || disks.insert(id.clone(), (reference, bytes)).is_some() {
                self.breach(Rule::Disks, format!("the diskId {id:?} is not one of its own"));
            }
        }
        disks
    }

    fn section(&mut self, section: &Element) {
        let first = section.children.first().map_or("", |child| child.name.as_str());
        self.check(first == "Info", Rule::Sections, || format!("{first:?} is first in {}", section.name));
    }

    fn system(
        &mut self,
        system: &Element,
        disks: &BTreeMap<String, (String, Option<u64>)>,
        files: &BTreeMap<String, usize>,
        networks: &BTreeSet<&str>,
    ) {
        let names: Vec<_> = system.children.iter().map(|child| child.name.as_str()).collect();
        let name_place = names.iter().position(|name| *name == "Name");
        self.check(
            names.first() == Some(&"Info") && name_place.is_none_or(|at| at == 1),
            Rule::Sections,
            || format!("VirtualSystem has {}", names.join(", ")),
        );
        self.check(system.attribute("id").is_some(), Rule::Envelope, || "VirtualSystem has no id".to_owned());
        for child in system.children.iter().filter(|child| child.name.ends_with("Section")) {
            self.section(child);
        }
        let Some(hardware) = system.first("VirtualHardwareSection") else {
            return self.breach(Rule::Hardware, "there is no VirtualHardwareSection");
        };
        let kind = hardware.first("System").and_then(|system| system.value("VirtualSystemType"));
        let version =
            kind.and_then(|kind| kind.strip_prefix("vmx-")).is_some_and(|v| v.parse::<u32>().is_ok());
        self.check(version, Rule::Hardware, || {
            format!("the VirtualSystemType is {}", kind.unwrap_or("not there"))
        });
        if let Some(system) = hardware.first("System") {
            self.order("System", system, VSSD);
        }
        self.items(hardware, disks, files, networks);
        self.properties(system, hardware);
    }

    fn items(
        &mut self,
        hardware: &Element,
        disks: &BTreeMap<String, (String, Option<u64>)>,
        files: &BTreeMap<String, usize>,
        networks: &BTreeSet<&str>,
    ) {
        let items: Vec<_> = hardware.all("Item").collect();
        let ids: Vec<_> = items.iter().filter_map(|item| item.value("InstanceID")).collect();
        let unique: BTreeSet<_> = ids.iter().collect();
        self.check(unique.len() == ids.len(), Rule::Items, || format!("InstanceIDs are {}", ids.join(", ")));
        for item in &items {
            let label = format!("Item {}", item.value("InstanceID").unwrap_or("without an InstanceID"));
            for needed in ["ElementName", "InstanceID", "ResourceType"] {
                self.check(item.value(needed).is_some_and(|text| !text.is_empty()), Rule::Items, || {
                    format!("{label} has no {needed}")
                });
            }
            self.order(&label, item, RASD);
            if let Some(parent) = item.value("Parent") {
                self.check(ids.contains(&parent), Rule::Items, || {
                    format!("{label} has the parent {parent}, which is none")
                });
            }
            if let Some(connection) = item.value("Connection") {
                self.check(networks.contains(connection), Rule::Networks, || {
                    format!("{label} is on {connection:?}, there are {networks:?}")
                });
            } else if item.value("ResourceType") == Some(resource::ETHERNET) {
                self.breach(Rule::Networks, format!("{label} is on no network"));
            }
            if item.value("ResourceType") == Some(resource::DISK) {
                let host = item.value("HostResource").unwrap_or_default();
                let path = host.strip_prefix("ovf:").unwrap_or(host);
                let found = path.strip_prefix("/disk/").is_some_and(|id| disks.contains_key(id))
                    || path.strip_prefix("/file/").is_some_and(|id| files.contains_key(id));
                self.check(found, Rule::Items, || {
                    format!("{label} has the HostResource {host:?}, which is none")
                });
            }
        }
        for (what, kind) in [("processors", resource::PROCESSOR), ("memory", resource::MEMORY)] {
            let there = items.iter().any(|item| {
                item.value("ResourceType") == Some(kind)
                    && item.value("VirtualQuantity").is_some_and(|n| n.parse::<u64>().is_ok_and(|n| n > 0))
            });
            self.check(there, Rule::Hardware, || format!("there are no {what}"));
        }
    }

    /// The schema has the elements of CIM's classes in the order of the alphabet, others after them.
    fn order(&mut self, label: &str, element: &Element, namespace: &str) {
        let ours: Vec<_> = element.children.iter().map(|child| child.namespace == namespace).collect();
        let names: Vec<_> = element
            .children
            .iter()
            .filter(|child| child.namespace == namespace)
            .map(|child| child.name.as_str())
            .collect();
        self.check(names.is_sorted() && ours.is_sorted_by(|a, b| a >= b), Rule::ItemOrder, || {
            format!(
                "{label} has {}",
                element.children.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
            )
        });
    }

    fn properties(&mut self, system: &Element, hardware: &Element) {
        let mut keys = BTreeSet::new();
        for product in system.all("ProductSection") {
            let class = product.attribute("class").unwrap_or_default();
            let instance = product.attribute("instance").unwrap_or_default();
            for property in product.all("Property") {
                let key = property.attribute("key").unwrap_or_default();
                let good = !key.is_empty() && !key.contains([' ', ':', '.', '\t']);
                self.check(good && keys.insert((class, instance, key)), Rule::Properties, || {
                    format!("the key {key:?}")
                });
                self.check(property.attribute("type").is_some(), Rule::Properties, || {
                    format!("{key} has no type")
                });
                let secret = property.attribute("password") == Some("true") || key.contains("password");
                let value = property.attribute("value").unwrap_or_default();
                self.check(!secret || value.is_empty(), Rule::Password, || format!("{key} has one"));
            }
        }
        if keys.is_empty() {
            return;
        }
        let transport: Vec<_> =
            hardware.attribute("transport").unwrap_or_default().split_whitespace().collect();
        let known = |name: &&str| ["iso", "com.vmware.guestInfo"].contains(name);
        self.check(transport.iter().any(known), Rule::Transport, || {
            format!("the transport is {transport:?}")
        });
        let cd = hardware
            .all("Item")
            .any(|item| item.value("ResourceType").is_some_and(|kind| resource::CD.contains(&kind)));
        self.check(cd || !transport.contains(&"iso"), Rule::Transport, || "there is no CD drive".to_owned());
    }
}

/// Bytes of a unit of DSP0004, `byte * 2^20` and the like.
fn unit(text: &str) -> Option<u64> {
    let mut factors = text.split('*').map(str::trim);
    let first = factors.next()?;
    if !["byte", "bytes"].contains(&first.to_ascii_lowercase().as_str()) {
        return None;
    }
    factors.try_fold(1u64, |product, factor| {
        let (base, power) = factor.split_once('^').unwrap_or((factor, "1"));
        let factor = base.trim().parse::<u64>().ok()?.checked_pow(power.trim().parse().ok()?)?;
        product.checked_mul(factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_multiples_of_a_byte() {
        for (text, expected) in [
            ("byte", Some(1)),
            ("byte * 2^30", Some(1 << 30)),
            ("bytes*10^3", Some(1000)),
            ("byte * 4 * 2^10", Some(4096)),
            ("MegaBytes", None),
            ("byte * 2^99", None),
            ("", None),
        ] {
            assert_eq!(unit(text), expected, "{text}");
        }
    }
}
