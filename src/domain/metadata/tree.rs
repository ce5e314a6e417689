//! JSON as a tree whose leaves keep their spelling; branches are opened only where a patch goes.
