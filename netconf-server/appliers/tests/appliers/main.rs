//! Appliers against the real thing: FRR, Linux, telemetryd, each in namespaces of their own. Needs root.

mod frr;
mod linux;
mod observe;
mod rig;
mod whole;
