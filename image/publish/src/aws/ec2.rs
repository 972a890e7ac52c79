//! EC2's query API, version 2016-11-15: snapshots and images.

use ureq::http::Method;

use super::client::{Call, Client, Service};
use super::ebs::Tag;
use super::xml;
use crate::PublishError;
use crate::retry::Stop;
use crate::text::percent;

/// Root device. EC2's machines of today have it as an NVMe drive whatever it is called here.
const ROOT: &str = "/dev/xvda";

/// Parameters of a call, in their order.
type Parameters = Vec<(String, String)>;

/// An image to register.
#[derive(Clone, Debug)]
pub(crate) struct Registration<'a> {
    /// Its name: one per account and region.
    pub(crate) name: &'a str,
    /// A sentence about it.
    pub(crate) description: &'a str,
    /// As EC2 names it.
    pub(crate) architecture: &'a str,
    /// Its root.
    pub(crate) snapshot: &'a str,
}

impl Registration<'_> {
    fn parameters(&self) -> Parameters {
        let volume = "BlockDeviceMapping.1";
        [
            ("Name", self.name),
            ("Description", self.description),
            ("Architecture", self.architecture),
            ("VirtualizationType", "hvm"),
            ("EnaSupport", "true"),
            ("BootMode", "uefi-preferred"),
            ("ImdsSupport", "v2.0"),
            ("RootDeviceName", ROOT),
            (&format!("{volume}.DeviceName"), ROOT),
            (&format!("{volume}.Ebs.SnapshotId"), self.snapshot),
            (&format!("{volume}.Ebs.VolumeType"), "gp3"),
            (&format!("{volume}.Ebs.DeleteOnTermination"), "true"),
        ]
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
    }
}

/// Registers an image.
pub(crate) fn register(
    client: &Client,
    stop: &Stop,
    image: &Registration<'_>,
) -> Result<String, PublishError> {
    const NAME: &str = "RegisterImage";
    let answer = query(client, stop, NAME, image.parameters())?;
    xml::texts(&answer, "imageId").into_iter().next().ok_or_else(|| missing(NAME, "imageId"))
}

/// Images of this account with a name: their ids, each with its snapshots.
pub(crate) fn images(
    client: &Client,
    stop: &Stop,
    name: &str,
) -> Result<Vec<(String, Vec<String>)>, PublishError> {
    let parameters = pairs(&[("Owner.1", "self"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", name)]);
    let answer = query(client, stop, "DescribeImages", parameters)?;
    let images = xml::items(&answer, "imagesSet").into_iter().filter_map(|image| {
        let id = xml::texts(image, "imageId").into_iter().next()?;
        Some((id, xml::texts(image, "snapshotId")))
    });
    Ok(images.collect())
}

/// State of a snapshot, and why where AWS says it: `pending`, `completed`, `error`.
pub(crate) fn snapshot(client: &Client, stop: &Stop, id: &str) -> Result<(String, String), PublishError> {
    const NAME: &str = "DescribeSnapshots";
    let answer = query(client, stop, NAME, pairs(&[("SnapshotId.1", id)]))?;
    let first = |name| xml::texts(&answer, name).into_iter().next();
    let state = first("status").ok_or_else(|| missing(NAME, "status"))?;
    Ok((state, first("statusMessage").unwrap_or_default()))
}

/// Lets accounts start machines from an image.
pub(crate) fn share(
    client: &Client,
    stop: &Stop,
    image: &str,
    accounts: &[String],
) -> Result<(), PublishError> {
    let mut parameters = pairs(&[("ImageId", image)]);
    for (n, account) in accounts.iter().enumerate() {
        parameters.push((format!("LaunchPermission.Add.{}.UserId", n + 1), account.clone()));
    }
    query(client, stop, "ModifyImageAttribute", parameters).map(drop)
}

/// Sets tags of resources.
pub(crate) fn tag(
    client: &Client,
    stop: &Stop,
    resources: &[&str],
    tags: &[Tag],
) -> Result<(), PublishError> {
    let mut parameters = Parameters::new();
    for (n, resource) in resources.iter().enumerate() {
        parameters.push((format!("ResourceId.{}", n + 1), (*resource).to_owned()));
    }
    for (n, tag) in tags.iter().enumerate() {
        parameters.push((format!("Tag.{}.Key", n + 1), tag.key.clone()));
        parameters.push((format!("Tag.{}.Value", n + 1), tag.value.clone()));
    }
    query(client, stop, "CreateTags", parameters).map(drop)
}

/// Deletes a snapshot.
pub(crate) fn delete(client: &Client, stop: &Stop, snapshot: &str) -> Result<(), PublishError> {
    query(client, stop, "DeleteSnapshot", pairs(&[("SnapshotId", snapshot)])).map(drop)
}

fn pairs(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn missing(call: &'static str, name: &str) -> PublishError {
    PublishError::Answer { call, reason: format!("no {name} in it") }
}

fn query(
    client: &Client,
    stop: &Stop,
    name: &'static str,
    parameters: Parameters,
) -> Result<String, PublishError> {
    let mut body = format!("Action={name}&Version=2016-11-15");
    for (name, value) in parameters {
        body.extend(["&", &percent(&name), "=", &percent(&value)]);
    }
    let call = Call {
        name,
        service: Service::Ec2,
        method: Method::POST,
        path: "/".to_owned(),
        headers: vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())],
        body: body.as_bytes(),
        unsigned_body: false,
        spread: 0,
        // A snapshot that was just started or completed.
        maybe_early: name == "DescribeSnapshots" || name == "RegisterImage",
    };
    Ok(client.call(&call, stop)?.text())
}
