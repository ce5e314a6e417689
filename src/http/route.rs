//! A line of the URL table, as the rest of the floor sees it.
use actix_web::HttpRequest;

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
