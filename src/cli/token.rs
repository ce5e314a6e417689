//! `token create`, `list`, `revoke`.
use super::args::{Common, Token, TokenAction, TokenCreate};
use super::output::{Ending, put, say, table};
use super::target;
use crate::app::Presence;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// Runs the command.
///
/// # Errors
/// When the place cannot be reached or refuses.
pub fn run(common: &Common, token: &Token) -> Result<Ending> {
    let place = match &token.action {
        TokenAction::Create(create) => &create.place,
        TokenAction::List(list) => &list.place,
        TokenAction::Revoke(revoke) => &revoke.place,
    };
    let mut target = target::open(common, place, Presence::Required)?;
    let done = match &token.action {
        TokenAction::Create(create) => target.make_token(body(create)).and_then(|made| show_made(&made, create.json)),
        TokenAction::List(list) => target.list_tokens().and_then(|all| show_list(&all, list.json)),
        TokenAction::Revoke(revoke) => {
            target.revoke_token(&revoke.id).map(|()| say(format_args!("token {} is revoked", revoke.id)))
        }
    };
    target.close()?;
    done.map(|()| Ending::Done)
}

fn body(create: &TokenCreate) -> Value {
    let mut body = Map::new();
    let texts = [
        ("name", Some(&create.name)),
        ("company", create.company.as_ref()),
        ("org", create.org.as_ref()),
        ("folder", create.folder.as_ref()),
        ("expires", create.expires.as_ref()),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            body.insert(key.to_owned(), json!(text));
        }
    }
    body.insert(String::from("rights"), json!(create.rights));
    Value::Object(body)
}

/// The token alone on standard output, so that a script can take it.
fn show_made(made: &Value, json: bool) -> Result<()> {
    if json {
        put(made)?;
        return Ok(());
    }
    let text = |key: &str| made.get(key).and_then(Value::as_str);
    put(text("token").context("the answer holds no token")?)?;
    say(format_args!("id {}; the token is shown this once, keep it", text("id").unwrap_or("?")));
    Ok(())
}

fn show_list(all: &Value, json: bool) -> Result<()> {
    if json {
        put(all)?;
        return Ok(());
    }
    let tokens = all.get("tokens").unwrap_or(all).as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = tokens.iter().map(row).collect();
    put(table(&["id", "name", "reaches", "rights", "expires"], &rows))?;
    Ok(())
}

fn row(token: &Value) -> Vec<String> {
    let text = |key: &str| token.get(key).and_then(Value::as_str).map(str::to_owned);
    let scope: Vec<String> = ["company", "org", "folder"].into_iter().map_while(text).collect();
    let rights: Vec<&str> = token
        .get("rights")
        .and_then(Value::as_array)
        .map(|rights| rights.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    vec![
        text("id").unwrap_or_default(),
        text("name").unwrap_or_default(),
        if scope.is_empty() { String::from("everything") } else { scope.join("/") },
        rights.join(","),
        text("expires").unwrap_or_else(|| String::from("never")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_by_what_it_reaches() {
        let token = json!({"id": "t1", "name": "n", "company": "Acme", "org": "Sales", "rights": ["read", "write"]});
        assert_eq!(row(&token), ["t1", "n", "Acme/Sales", "read,write", "never"]);
        assert_eq!(row(&json!({"id": "t2"}))[2], "everything");
    }
}
