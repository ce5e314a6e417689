//! The URL table, the description and the shapes of failures that need no engine.
use super::TABLE;
use super::observe::Instruments;
use super::routes::operations::{DESCRIPTION, MetricsAccess};
use super::server::application;
use crate::domain::refusal::Code;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web;
use serde_json::Value;
use std::collections::BTreeSet;

async fn answer(request: TestRequest) -> ServiceResponse<BoxBody> {
    let instruments = web::Data::new(Instruments::new(10).unwrap());
    let app = init_service(application(instruments, MetricsAccess::Admin)).await;
    call_service(&app, request.to_request()).await
}

async fn json(response: ServiceResponse<BoxBody>) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap()
}

fn header<'r>(response: &'r ServiceResponse<BoxBody>, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn the_description_names_the_paths_and_methods_of_the_url_table() {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            assert!(described.insert(format!("{} {path}", method.to_uppercase())), "{path} {method}");
        }
    }
    let table: BTreeSet<_> = TABLE
        .iter()
        .flat_map(|route| route.methods.iter().map(|method| format!("{method} {}", route.path.replace(":.*}", "}"))))
        .collect();
    assert_eq!(described, table);
}

#[test]
fn the_description_names_every_code_of_errors() {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    let described = description["components"]["schemas"]["Code"]["enum"].as_array().unwrap();
    for code in Code::ALL {
        assert!(described.iter().any(|own| own == code.text()), "{}", code.text());
    }
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn walk(value: &Value, whole: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(to)) = members.get("$ref") {
                    assert!(whole.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                }
                members.values().for_each(|value| walk(value, whole));
            }
            Value::Array(elements) => elements.iter().for_each(|value| walk(value, whole)),
            _ => {}
        }
    }
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    walk(&description, &description);
}

#[actix_web::test]
async fn an_unknown_path_is_a_problem_that_shows_no_query() {
    let response = answer(TestRequest::get().uri("/nope?token=secret").insert_header(("X-Request-Id", "r-7"))).await;
    assert_eq!(response.status(), 404);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_eq!(header(&response, "x-request-id"), "r-7");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    let body = json(response).await;
    assert_eq!((&body["code"], &body["instance"]), (&"not_found".into(), &"/nope".into()));
    assert_eq!(body["request_id"], "r-7");
    assert!(!body.to_string().contains("secret"));
}

#[actix_web::test]
async fn a_wrong_method_on_a_known_path_names_the_right_ones() {
    let response = answer(TestRequest::default().method(Method::POST).uri("/metadata/A/B/1")).await;
    assert_eq!(response.status(), 405);
    assert_eq!(header(&response, "allow"), "GET, PATCH, PUT, DELETE, HEAD");
    assert_eq!(json(response).await["code"], "method_not_allowed");
    let response = answer(TestRequest::delete().uri("/search/A")).await;
    assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, "GET, POST, HEAD"));
}

#[actix_web::test]
async fn vspark_paths_speak_text_unless_json_is_asked_for() {
    // Without an engine every such request fails: what matters is in which words.
    let response = answer(TestRequest::patch().uri("/metadata/A/B/1").insert_header(("Accept", "*/*"))).await;
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (400, "text/html; charset=utf-8"));
    let json = ("Accept", "application/json");
    let response = answer(TestRequest::delete().uri("/metadata/A/B/1").insert_header(json)).await;
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (500, "application/problem+json"));
    let response = answer(TestRequest::get().uri("/metadata/A/B/1")).await;
    assert_eq!(header(&response, "content-type"), "application/problem+json");
}

#[actix_web::test]
async fn probes_and_description_need_no_token_and_know_no_parameters() {
    assert_eq!(answer(TestRequest::get().uri("/livez")).await.status(), 200);
    assert_eq!(answer(TestRequest::default().method(Method::HEAD).uri("/livez")).await.status(), 200);
    assert_eq!(json(answer(TestRequest::get().uri("/openapi.json")).await).await["openapi"], "3.1.0");
    let response = answer(TestRequest::get().uri("/livez?nope=1")).await;
    assert_eq!(response.status(), 400);
    assert_eq!(json(response).await["errors"][0]["pointer"], "nope");
}

#[actix_web::test]
async fn a_full_server_answers_503_but_still_tells_that_it_lives() {
    let instruments = web::Data::new(Instruments::new(0).unwrap());
    let app = init_service(application(instruments.clone(), MetricsAccess::Admin)).await;
    let response = call_service(&app, TestRequest::get().uri("/list").to_request()).await;
    assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, "1"));
    let response = call_service(&app, TestRequest::get().uri("/livez").to_request()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(instruments.in_flight(), 0);
    let counted = prometheus::TextEncoder::new().encode_to_string(&instruments.gather()).unwrap();
    assert!(counted.contains("linernotes_http_requests_total{method=\"GET\",route=\"/livez\",status=\"2xx\"} 1"));
}
