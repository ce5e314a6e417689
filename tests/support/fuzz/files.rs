//! Files of the archive, and texts that clients hand back: cursors and marks.
use super::{parted, text, world};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linernotes::base::seal;
use linernotes::domain::identity::{CompanyName, Mark, OrgName};
use linernotes::domain::limits::Limits;
use linernotes::engine::Caller;
use linernotes::engine::search::cursor::{Binding, Bookmark};
use linernotes::query::evaluate;
use linernotes::query::request::SearchRequest;
use linernotes::query::resolve::resolve;
use linernotes::stores::archive::layout;

/// A metadata file or a file's name. What is read is written again, and read as the same.
pub fn archive(data: &[u8]) {
    let text = text(data);
    let (Ok(company), Ok(org)) = (CompanyName::parse("Acme"), OrgName::parse("Sales")) else { return };
    let _ = layout::tid_within(&text);
    if let Ok(file) = layout::read_metadata(&company, &org, &text) {
        let written = layout::metadata_text(&file);
        let again = layout::read_metadata(&company, &org, &written).expect("what is written reads");
        assert_eq!(again, file);
        let root = std::path::Path::new("/root");
        let path = layout::path(root, &file.place, "json");
        assert!(path.starts_with(layout::org_dir(root, &company, &org)), "outside: {path:?}");
        assert_eq!(path.components().count(), 6, "outside: {path:?}");
    }
    if let Some((key, revision)) = layout::parse_staged(&text) {
        assert_eq!(layout::staged(key, revision), text);
    }
    if let Some(name) = layout::decode(&text) {
        assert_eq!(layout::encode(&name), text);
    }
    let encoded = layout::encode(&text);
    assert!(encoded.len() < 250 && !encoded.contains('/') && !encoded.starts_with('.'), "{encoded:?}");
    if !layout::is_cut(&encoded) {
        assert_eq!(layout::decode(&encoded).as_deref(), Some(text.as_ref()));
    }
}

/// A mark or a cursor as sent; and what a cursor of ours could hold, beside a search: the first line.
pub fn opaque(data: &[u8]) {
    let key = [7; 32];
    let sent = text(data);
    if let Ok(mark) = Mark::verify(&sent, &key, 3) {
        assert_eq!(mark.sign(&key), sent);
    }
    let Ok(company) = CompanyName::parse("Acme") else { return };
    let request = SearchRequest::default();
    let binding = Binding::of(1, &Caller::owner(), (&company, None, None), &request);
    assert!(Bookmark::open(&sent, &key, &binding).is_err(), "a stranger's cursor opens");
    let (sorted, within) = parted(data);
    // A binding is a digest: sealed with the right one, what lies within is read.
    let limits = Limits::default();
    let pairs = vec![("sort".to_owned(), text(sorted).into_owned()), ("cursor".to_owned(), String::new())];
    let Ok(request) = SearchRequest::from_pairs(pairs, &limits) else { return };
    let Ok(bookmark) = serde_json::from_slice::<Bookmark>(within) else { return };
    let Ok(sealed) = bookmark.seal(&key, &binding) else { return };
    let opened = Bookmark::open(&sealed, &key, &binding).expect("our own cursor opens");
    let altered = URL_SAFE_NO_PAD.encode(seal::seal(&[8; 32], &[0; 32], within));
    assert!(Bookmark::open(&altered, &key, &binding).is_err());
    let Some(Ok(mut resolved)) = world::searching(&limits, |world| resolve(&request, world, opened.now())) else {
        return;
    };
    if opened.fits(&resolved.search.order).is_ok() {
        resolved.search.after = Some(opened.position);
        resolved.search.paging = true;
        let _ = evaluate::search(world::DOCUMENTS.iter(), &resolved.search);
    }
}
