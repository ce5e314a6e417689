//! A disk whose content can be copied at one instant: an ext4 image on a file system that shares blocks between files.
//! What is copied is what a power cut would leave: pages that nobody flushed are in memory only, and not in the image.
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Bytes of the disk that the server writes to, and of the one that holds its image and the copies. Both are sparse.
const INNER: u64 = 768 << 20;
const OUTER: u64 = 6 << 30;

/// A mounted image. Dropped, it is unmounted; its loop device goes with it.
pub struct Mount {
    pub at: PathBuf,
}

impl Mount {
    fn new(image: &Path, at: &Path, kind: &str) -> Result<Self, String> {
        std::fs::create_dir_all(at).map_err(|error| error.to_string())?;
        run(Command::new("mount").args(["-t", kind, "-o", "loop"]).arg(image).arg(at))?;
        Ok(Self { at: at.to_owned() })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = run(Command::new("umount").arg(&self.at));
        if unmounted.is_err() {
            // Somebody still holds a file there, after a failed test: it goes when they do.
            let _ = run(Command::new("umount").arg("-l").arg(&self.at));
        }
    }
}

/// A disk that can be cut. The fields go in this order.
pub struct Disk {
    inner: Mount,
    outer: Mount,
    _scratch: TempDir,
}

impl Disk {
    /// # Errors
    /// What is missing here: root, loop devices, `mkfs.xfs` or `mkfs.btrfs`, `mkfs.ext4`.
    pub fn new() -> Result<Self, String> {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let host = scratch.path().join("host.img");
        sparse(&host, OUTER)?;
        let outer = shared_blocks(&host, &scratch.path().join("host"))?;
        let image = outer.at.join("disk.img");
        sparse(&image, INNER)?;
        run(Command::new("mkfs.ext4").args(["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"]).arg(&image))?;
        let inner = Mount::new(&image, &scratch.path().join("disk"), "ext4")?;
        // The first copy proves that blocks can be shared here.
        let disk = Self { inner, outer, _scratch: scratch };
        std::fs::remove_file(disk.cut(0)?).map_err(|error| error.to_string())?;
        Ok(disk)
    }

    /// Where the server's folder goes.
    pub fn folder(&self) -> PathBuf {
        self.inner.at.join("data")
    }

    /// The power goes: a copy of the image as it is at one instant within this call.
    ///
    /// # Errors
    /// When blocks cannot be shared.
    pub fn cut(&self, number: u64) -> Result<PathBuf, String> {
        let copy = self.outer.at.join(format!("cut-{number}.img"));
        run(Command::new("cp").arg("--reflink=always").arg(self.outer.at.join("disk.img")).arg(&copy))?;
        Ok(copy)
    }

    /// The power is back: the journal of the copy is replayed.
    ///
    /// # Errors
    /// When it cannot be mounted.
    pub fn recover(&self, copy: &Path) -> Result<Mount, String> {
        Mount::new(copy, &copy.with_extension("mounted"), "ext4")
    }

    /// Everything written so far goes to the disk.
    pub fn flush(&self) {
        run(Command::new("sync").arg("-f").arg(&self.inner.at)).expect("sync runs");
    }
}

/// A file system whose files can share blocks: the first kind that there are tools for.
fn shared_blocks(image: &Path, at: &Path) -> Result<Mount, String> {
    let mut missing = Vec::new();
    for kind in ["xfs", "btrfs"] {
        let made = run(Command::new(format!("mkfs.{kind}")).args(["-q", "-f"]).arg(image));
        match made.and_then(|()| Mount::new(image, at, kind)) {
            Ok(mount) => return Ok(mount),
            Err(words) => missing.push(words),
        }
    }
    Err(missing.join("; "))
}

fn sparse(path: &Path, bytes: u64) -> Result<(), String> {
    std::fs::File::create(path).and_then(|file| file.set_len(bytes)).map_err(|error| error.to_string())
}

/// Runs a command; its words when it fails.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    let words = || format!("{:?}: {}", command.get_program(), String::from_utf8_lossy(&output.stderr).trim());
    if output.status.success() { Ok(()) } else { Err(words()) }
}
