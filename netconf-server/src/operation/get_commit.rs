//! `<get-commit>` of `daybreak-commits`: a configuration that was running before.

use daybreak_netconf::message::Response;

use super::parameters::{Parameters, text, wrong};
use super::query::Query;
use super::{Answer, COMMITS, Context, one};

pub(super) async fn perform(context: &Context, mut parameters: Parameters<'_>) -> Answer {
    let number = parameters.required("number").and_then(|element| text(&element)).map_err(one)?;
    parameters.done().map_err(one)?;
    let number = number.parse().map_err(|_| one(wrong("number", &number, "a number from 0 on")))?;
    let tree = context.engine.earlier(number).await?;
    let text = Query::everything().text(context, &tree)?;
    Ok(Response::Output(format!("<config xmlns=\"{COMMITS}\">{text}</config>")))
}
