//! Editing metadata: lock, newest state, pure edit, projection, group commit, answer.
