//! A full disk: writes answer 507, reads go on, and the server heals by itself when there is room (contract section 3).
//! Needs a small file system of its own: a tmpfs, which only root may mount; elsewhere the test says that it was skipped.
use crate::support::{Server, server};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A mounted tmpfs; unmounted on drop.
struct Small(PathBuf);

impl Small {
    fn mount(megabytes: u32) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("linernotes-full").tempdir().ok()?.keep();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&dir).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(dir));
        }
        let _ = std::fs::remove_dir(&dir);
        None
    }

    /// Takes all the room there is.
    fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.0.join("ballast");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for size in [1 << 16, 4_096, 512, 64, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn staged(data: &Path) -> usize {
    server::files(&data.join("archive/.staging")).len()
}

/// Asks again until `answered` holds.
fn soon(what: &str, mut answered: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !answered() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn a_full_disk_refuses_writes_and_heals_by_itself() {
    let Some(small) = Small::mount(48) else {
        eprintln!("SKIPPED: no tmpfs can be mounted here (needs root)");
        return;
    };
    let mut server = Server::at(&small.0.join("data"));
    server.make_acme();
    for n in 0..20 {
        server.bring(&format!("t{n}"), &json!({"queue": "before"}), &[("agent", "hello")]).ok(201);
    }
    server.settle();
    let ballast = small.fill();
    let mut last = json!("before");
    let mut refused = 0;
    // What room is left in files that exist already may still take some writes.
    for n in 0..4_000 {
        let queue = json!(format!("full-{n}"));
        let answer = server.patch("/metadata/Acme/Acme-Sales/t1", &json!({"queue": queue, "loose": "x".repeat(2_000)}));
        match answer.status {
            200 => last = queue,
            507 => {
                assert!(answer.header("retry-after").is_some());
                assert_eq!(answer.code(507), "disk_full");
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
        if refused >= 5 {
            break;
        }
        small.fill();
    }
    assert!(refused >= 5, "the disk never filled");
    let body = "word ".repeat(200_000);
    let brought = server.bring("big", &json!({}), &[("agent", &body)]);
    assert_eq!(brought.code(507), "disk_full");
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/big").status, 404);
    assert_eq!(server.get("/metadata/Acme/Acme-Sales/t1").ok(200)["queue"], last);
    assert_eq!(server.get("/transcripts/Acme/Acme-Sales/t2").status, 200);
    assert_eq!(server.get("/search/Acme/Acme-Sales?q=hello&size=0").ok(200)["total"], 20);
    std::fs::remove_file(ballast).unwrap();
    soon("edits work again", || server.patch("/metadata/Acme/Acme-Sales/t1", &json!({"queue": "after"})).status == 200);
    server.bring("big", &json!({}), &[("agent", "small enough")]).ok(201);
    assert_eq!(server.ids("q=queue:after"), ["t1"]);
    assert_eq!(server.ids("q=enough"), ["big"]);
    let metrics = server.get("/metrics").text();
    assert!(metrics.lines().any(|line| line == "linernotes_quarantined 0"), "{metrics}");
    assert_eq!(staged(&server.data()), 0, "nothing stays behind in .staging");
    server.stop_and_verify();
}
