//! A line of the URL table: its path and methods, and how it becomes an actix resource.
use super::error::{Answer, Failure};
use actix_web::http::Method;
use actix_web::{HttpRequest, Resource, guard, web};

/// One line of the URL table.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// Pattern as actix reads it; `{tail:.*}` takes any number of segments. Also the label in `/metrics`.
    pub path: &'static str,
    /// Methods it answers. `GET` answers `HEAD` too.
    pub methods: &'static [&'static str],
}

impl Route {
    /// The value of the header `Allow`.
    pub fn allow(&self) -> String {
        let mut all = self.methods.join(", ");
        if self.methods.contains(&"GET") {
            all.push_str(", HEAD");
        }
        all
    }
}

/// The line that a request was matched to.
pub fn matched(request: &HttpRequest) -> Option<&'static Route> {
    request.app_data::<&'static Route>().copied()
}

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
