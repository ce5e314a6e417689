//! How a line of the URL table becomes an actix resource.
use super::error::{Answer, Failure};
use super::route::{Route, matched};
use actix_web::http::Method;
use actix_web::{HttpRequest, Resource, guard, web};

/// An empty resource for a line: it remembers the line and refuses methods that the line does not name.
pub fn resource(route: &'static Route) -> Resource {
    web::resource(route.path).app_data(route).default_service(web::to(wrong_method))
}

/// A route for one method; `HEAD` goes where `GET` goes, and actix leaves the body out.
pub fn serves(method: Method) -> actix_web::Route {
    let head = method == Method::GET;
    web::route().guard(guard::fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (head && *asked == Method::HEAD)
    }))
}

async fn wrong_method(request: HttpRequest) -> Answer {
    Err(Failure::MethodNotAllowed(matched(&request).map(Route::allow).unwrap_or_default()))
}

/// Makes `TABLE`, the list of lines, and `routes`, which hands them to actix in that order.
macro_rules! table {
    ($($path:literal { $($method:ident $handler:path),+ $(,)? })+) => {
        /// Every path and method the server answers.
        pub static TABLE: &[Route] = &[$(Route { path: $path, methods: &[$(stringify!($method)),+] }),+];

        /// Registers the table.
        pub fn routes(config: &mut ServiceConfig) {
            let mut lines = TABLE.iter();
            $(if let Some(line) = lines.next() {
                config.service(resource(line)$(.route(serves(Method::$method).to($handler)))+);
            })+
        }
    };
}
pub(super) use table;
