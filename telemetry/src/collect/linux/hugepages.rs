//! `/sys/kernel/mm/hugepages/hugepages-2048kB/` (Documentation/ABI/testing/sysfs-kernel-mm-hugepages).

use crate::catalogue::HUGEPAGES;
use crate::collect::CollectError;
use crate::collect::tree::{Machine, names, number_if_there};
use crate::point::Point;

const FILES: [(&str, &str); 4] = [
    ("nr_hugepages", "pages"),
    ("free_hugepages", "free"),
    ("resv_hugepages", "reserved"),
    ("surplus_hugepages", "surplus"),
];

/// One point for each size; none where the kernel has no huge pages.
pub(in crate::collect) fn read(machine: &Machine) -> Result<Vec<Point>, CollectError> {
    let folder = machine.sys.join("kernel/mm/hugepages");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut points = Vec::new();
    for name in names(&folder)? {
        let Some(size) = name.strip_prefix("hugepages-") else { continue };
        let mut point = Point::new(&HUGEPAGES, [size]);
        for (file, kpi) in FILES {
            point = point.with_known(kpi, number_if_there(&folder.join(&name).join(file)));
        }
        points.push(point);
    }
    Ok(points)
}
