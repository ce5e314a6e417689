//! Refused input: one code, one sentence, and where in the input. Codes are the single table of the API's errors.
use std::fmt;

/// What an error means to the one who must act; the HTTP floor turns it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// No token, or one nobody knows.
    Unauthenticated,
    /// It may be seen, but not done.
    Forbidden,
    /// It is not there, or may not be seen.
    Absent,
    /// It does not fit the state of things.
    Conflict,
    /// The precondition sent with it failed.
    Precondition,
    /// It is larger than allowed.
    TooLarge,
    /// Its content type is not one we read.
    MediaType,
    /// It can be read, but a rule refuses it.
    Refused,
    /// Too busy, or not ready yet: try again.
    Unavailable,
}

macro_rules! codes {
    ($($name:ident = $text:literal, $kind:ident, $title:literal;)*) => {
        /// Every code an error can carry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All of them, for documentation and tests.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];
            /// As it stands in answers.
            pub fn text(self) -> &'static str { match self { $(Code::$name => $text,)* } }
            /// Who must act.
            pub fn kind(self) -> Kind { match self { $(Code::$name => Kind::$kind,)* } }
            /// One line for a person.
            pub fn title(self) -> &'static str { match self { $(Code::$name => $title,)* } }
        }
    };
}

codes! {
    JsonInvalid = "json_invalid", Malformed, "The body is not valid JSON";
    BodyEmpty = "body_empty", Malformed, "The body is empty";
    BodyShape = "body_shape", Malformed, "The body is valid JSON of the wrong shape";
    DuplicateField = "duplicate_field", Malformed, "A field is named twice";
    TooDeep = "json_too_deep", Malformed, "The JSON is nested too deeply";
    PatchInvalid = "patch_invalid", Malformed, "The JSON Patch is not well formed";
    PatchPathMissing = "patch_path_missing", Refused, "The JSON Patch names a place that does not exist";
    PatchTestFailed = "patch_test_failed", Conflict, "A test of the JSON Patch failed";
    NameInvalid = "name_invalid", Refused, "A name breaks the rules";
    NameReserved = "name_reserved", Refused, "A name is reserved";
    TooManyFields = "too_many_fields", Refused, "The transcript would have too many metadata names";
    TypeMismatch = "type_mismatch", Refused, "A value does not fit its field's type";
    ConfigInvalid = "config_invalid", Refused, "The configuration is refused";
    AtomicFailed = "atomic_failed", Refused, "Another line of the atomic request failed";
    ConfigNotEmpty = "not_empty", Conflict, "Can not delete non-empty object";
    ConfigMultiple = "multiple_items", Conflict, "Can not delete multiple items";
    FieldBarred = "field_barred", Refused, "The name is barred: the field was deleted for good";
    FieldExists = "field_exists", Conflict, "A field of this name exists";
    FieldInUse = "field_in_use", Conflict, "The field is configured for a folder";
    TimezoneFixed = "timezone_fixed", Conflict, "The time zone can not change while the organisation holds transcripts";
    JobEnded = "job_ended", Conflict, "The job has ended";
    JobFixed = "job_not_cancellable", Conflict, "The job can not be cancelled";
    ImportState = "import_state", Conflict, "The import is not in the state for this";
    ConfirmMismatch = "confirm_mismatch", Conflict, "The set of transcripts is not the one that was confirmed";
    ConfirmUnknown = "confirm_unknown", Malformed, "The confirm token was not made by this store for this edit";
    TooManyRows = "too_many_rows", TooLarge, "There are too many rows";
    RowsMissing = "rows_missing", Conflict, "Rows that were taken are not there any more";
    RowShape = "row_shape", Malformed, "The row is not understood";
    KeyMissing = "key_missing", Refused, "The row does not say which transcript it is about";
    KeyUnknown = "key_unknown", Refused, "No transcript has this value";
    KeyAmbiguous = "key_ambiguous", Refused, "Several transcripts have this value";
    FieldNotDeclared = "field_not_declared", Refused, "The import does not declare this field";
    TranscriptShape = "transcript_shape", Refused, "The JSON is not a transcript";
    TidMissing = "tid_missing", Refused, "The transcript has no id under the key asked for";
    UploadInvalid = "upload_invalid", Refused, "The upload cannot be taken in";
    UploadNameInvalid = "upload_name_invalid", Refused, "The name of the uploaded file breaks the rules";
    OrgAmbiguous = "org_ambiguous", Conflict, "Several companies have an organisation of this name";
    FolderRequired = "folder_required", Malformed, "The folder is missing";
    ParameterInvalid = "parameter_invalid", Malformed, "A parameter is not understood";
    ParameterUnknown = "parameter_unknown", Malformed, "There is no such parameter";
    QueryInvalid = "query_invalid", Malformed, "The query is not understood";
    QueryTooLarge = "query_too_large", Malformed, "The query is too large";
    FieldNotConfigured = "field_not_configured", Malformed, "The field is not configured for any folder searched";
    FieldUnknown = "field_unknown", Malformed, "No such field was ever seen";
    MarkUnknown = "mark_unknown", Malformed, "The mark was not made by this store";
    CursorUnknown = "cursor_unknown", Malformed, "The cursor was not made by this store for this search";
    HeaderInvalid = "header_invalid", Malformed, "A header is not understood";
    TokenMissing = "token_missing", Unauthenticated, "No token was sent";
    TokenUnknown = "token_unknown", Unauthenticated, "The token is not known";
    IdAmbiguous = "id_ambiguous", Conflict, "The id stands in several organisations";
    RightMissing = "right_missing", Forbidden, "The token lacks the right";
    NotFound = "not_found", Absent, "There is no such thing";
    MethodNotAllowed = "method_not_allowed", Malformed, "The method is not allowed here";
    RevisionMismatch = "revision_mismatch", Precondition, "It has changed since";
    IdempotencyMismatch = "idempotency_mismatch", Refused, "The key was used with another body";
    BodyTooLarge = "body_too_large", TooLarge, "The body is too large";
    MediaTypeUnsupported = "media_type_unsupported", MediaType, "The content type is not understood";
    Overloaded = "overloaded", Unavailable, "Too many requests wait";
    LockTimeout = "lock_timeout", Unavailable, "Too many edits of this transcript wait";
    IndexRebuilding = "index_rebuilding", Unavailable, "The search index is being rebuilt";
    NotYetVisible = "not_yet_visible", Unavailable, "The write named by the mark is not searchable yet";
    SearchTooSlow = "search_too_slow", Unavailable, "The search took longer than it may";
    ShuttingDown = "shutting_down", Unavailable, "The server is stopping";
}

/// One thing wrong, with the place in the input (a JSON pointer, or a parameter's name).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// RFC 6901 pointer into the body, or the name of a parameter or header.
    pub pointer: String,
    /// What is wrong there.
    pub code: Code,
    /// In words.
    pub detail: String,
}

/// Input that is refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the whole.
    pub code: Code,
    /// One sentence: what was tried, why not, what to do.
    pub detail: String,
    /// The places, if there are any.
    pub items: Vec<Item>,
    /// Seconds after which another try makes sense.
    pub retry_after_s: Option<u32>,
}

impl Refusal {
    /// A refusal as a whole.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after_s = (code.kind() == Kind::Unavailable).then_some(1);
        Self { code, detail: detail.into(), items: Vec::new(), retry_after_s }
    }

    /// A refusal of one place in the input.
    pub fn at(code: Code, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let item = Item { pointer: pointer.into(), code, detail: detail.clone() };
        Self { items: vec![item], ..Self::new(code, detail) }
    }

    /// A refusal of several places; the first names the whole.
    pub fn of(items: Vec<Item>) -> Option<Self> {
        let first = items.first()?.clone();
        Some(Self { items, ..Self::new(first.code, first.detail) })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refusal {}

/// Escapes one reference token of an RFC 6901 pointer.
pub fn pointer_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
